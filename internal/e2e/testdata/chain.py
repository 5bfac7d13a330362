"""chain.py TIMES PAUSE: boto3 with its default chain, in one process; prints who it is, and with which key, each time."""

import sys
import time

import boto3

times, pause = int(sys.argv[1]), float(sys.argv[2])
session = boto3.Session()
for i in range(times):
    if i > 0:
        time.sleep(pause)
    arn = session.client("sts").get_caller_identity()["Arn"]
    print(arn, session.get_credentials().get_frozen_credentials().access_key, flush=True)
