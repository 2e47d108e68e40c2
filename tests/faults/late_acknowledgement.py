"""The portal's Celery app with the broker settings of before docs/adr/0017, to measure against."""

from kyc_portal.celery import app

app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_enable_prefetch_count_reduction=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_consumer="celery.worker.consumer:Consumer",
    broker_connection_max_retries=100,
    broker_pool_limit=10,
    broker_transport_options={
        "visibility_timeout": 120,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    },
)
