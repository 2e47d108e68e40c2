"""The fault bench: browsers, cameras, recorders and networks that misbehave. For each, a way on that works.

A test installs the fault by an init script or a route, and expects a panel with a button that helps, or that the flow
goes on. Deadlines are passed by the page's own clock (`page.clock`), never by waiting.
"""
