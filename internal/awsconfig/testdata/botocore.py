"""Reads pairs of config and credentials files, as JSON on stdin, with botocore."""

import json
import shlex
import sys

from awscli.botocore.session import Session


def services(config):
    """botocore 2.9 leaves these sections unread; later releases split them so."""
    found = {}
    for header, values in config.items():
        if header.startswith("services"):
            try:
                words = shlex.split(header)
            except ValueError:
                continue
            if len(words) == 2:
                found[words[1]] = values
    return found


def read(config_file, credentials_file):
    session = Session()
    session.set_config_variable("config_file", config_file)
    session.set_config_variable("credentials_file", credentials_file)
    try:
        config = session.full_config
    except Exception as error:
        return {"refusal": type(error.__context__ or error).__name__}
    return {
        "profile": config["profiles"],
        "sso-session": config.get("sso_sessions", {}),
        "services": services(config),
    }


json.dump([read(*pair) for pair in json.load(sys.stdin)], sys.stdout)
