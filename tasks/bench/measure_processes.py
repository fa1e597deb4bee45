"""Runs programs and measures them: one JSON object a line in, one out.

In Python, because it reports the processor time and the peak memory of each
child (wait4), and its own memory, which a child inherits for a moment, is
smaller than that of any program measured.
"""
import json
import os
import sys
import time

for line in sys.stdin:
    request = json.loads(line)
    null = os.open(os.devnull, os.O_RDWR)
    begin = time.perf_counter()
    pid = os.posix_spawn(
        request["command"][0],
        request["command"],
        request["env"],
        file_actions=[(os.POSIX_SPAWN_DUP2, null, stream) for stream in (0, 1, 2)],
    )
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - begin
    os.close(null)
    print(json.dumps({
        "code": os.waitstatus_to_exitcode(status),
        "wallMs": wall * 1000,
        "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000,
        "peakMb": usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10),
    }), flush=True)
