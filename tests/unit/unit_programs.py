"""lit's view of the unit tests: programs that the build made, each one a test."""
import os
import subprocess

import lit.Test
import lit.formats


class UnitPrograms(lit.formats.TestFormat):
    def __init__(self, names):
        self.names = names

    def getTestsInDirectory(self, suite, path, lit_config, local_config):
        for name in self.names:
            yield lit.Test.Test(suite, path + (name,), local_config)

    def execute(self, test, lit_config):
        try:
            run = subprocess.run(
                [test.getExecPath()],
                env=test.config.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=lit_config.maxIndividualTestTime or 300,
            )
        except subprocess.TimeoutExpired:
            return lit.Test.TIMEOUT, ""
        output = run.stdout.decode(errors="replace")
        if run.returncode < 0:
            output += f"ended by signal {-run.returncode}\n"
        if run.returncode != 0:
            return lit.Test.FAIL, output
        if output.startswith("skipped:"):
            return lit.Test.UNSUPPORTED, output
        return lit.Test.PASS, output
