"""Explaining a case: its decisions and verdicts made again by the same rules, from what is stored, step by step.

Each step says what a rule got and gave, and where that differs from what the trail holds of it. Nothing is guessed:
what is not stored any more, or never was, is named. Reads only.
"""

from verification.explain.case import Explanation, explain
from verification.explain.steps import Step

__all__ = ["Explanation", "Step", "explain"]
