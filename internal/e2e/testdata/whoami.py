"""whoami.py PROFILE: boto3 with the profile's role credentials, and a signed GetCallerIdentity."""

import sys

import boto3

session = boto3.Session(profile_name=sys.argv[1])
print(session.client("sts", region_name="us-east-1").get_caller_identity()["Arn"])
