"""Answers for an operator's tools: is the portal alive, and can it work?"""
