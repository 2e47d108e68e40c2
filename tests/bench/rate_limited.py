"""The usual alternative to our pacing: a Celery task with `rate_limit`. Workers start with this app."""

import os

from celery import Celery

from verification.liveness import Credentials, LivenessClient

app = Celery("rate_limited", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(worker_prefetch_multiplier=1, task_ignore_result=True, task_default_queue="rate_limited")
client = LivenessClient(
    os.environ["KYC_FACEID_ENDPOINT"],
    "ap-singapore",
    Credentials(os.environ["TENCENTCLOUD_SECRET_ID"], os.environ["TENCENTCLOUD_SECRET_KEY"]),
)


@app.task(name="rate_limited.call", rate_limit="20/s")
def call() -> None:
    client.probe()


def main(count: str) -> None:
    for _ in range(int(count)):
        call.delay()
