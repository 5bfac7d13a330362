"""profiles.py: what botocore makes of the config file, as JSON."""

import json

import botocore.session

print(json.dumps(botocore.session.Session().full_config["profiles"]))
