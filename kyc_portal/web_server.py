"""Gunicorn's settings in production: `gunicorn --config python:kyc_portal.web_server`."""

wsgi_app = "kyc_portal.wsgi"
# A proxy on this machine ends TLS.
bind = "127.0.0.1:8000"
worker_class = "kyc_portal.web_worker.Worker"
workers = 2
# Of each process. verification/slow_clients.py limits how many of them may wait for a body.
threads = 16
# Seconds after which a process that no longer answers Gunicorn is killed; for requests it is no limit.
timeout = 120
# Seconds that requests under way have after a stop; the unit waits longer.
graceful_timeout = 30
control_socket_disable = True
