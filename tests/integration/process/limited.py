"""The service with few descriptors: ``DESCRIPTORS=256 python -m tests.integration.process.limited serve``."""

import os
import resource
import runpy

if __name__ == "__main__":
    descriptors = int(os.environ["DESCRIPTORS"])
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, int(os.environ.get("HARD_LIMIT", descriptors))))
    runpy.run_module("service", run_name="__main__")
