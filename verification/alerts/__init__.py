"""Alerts to operators: what needs one is told once when it begins and once when it is over, by e-mail and webhook.

`watch` sees what is wrong now and writes it down; `tell_next` sends what was written. Both are the business of any
worker, and of the web server when it is asked whether it is ready: so somebody notices if all workers are gone.
"""

from verification.alerts.telling import something_to_tell, tell_next
from verification.alerts.watching import open_alerts, watch

__all__ = ["open_alerts", "something_to_tell", "tell_next", "watch"]
