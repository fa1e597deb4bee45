/** A limit on a call that blocks this thread, kept by the kernel: no code of ours runs meanwhile. */

/**
 * Runs `call`; if it has not come back after `seconds`, SIGALRM ends the process
 * (alarm(2)). For calls that must not block, on the day they do. Linux with glibc.
 */
export function withKernelAlarm<T>(seconds: number, call: () => T): T {
  const libc = Deno.dlopen("libc.so.6", {
    alarm: { parameters: ["u32"], result: "u32" },
  });
  libc.symbols.alarm(seconds);
  try {
    return call();
  } finally {
    libc.symbols.alarm(0);
    libc.close();
  }
}
