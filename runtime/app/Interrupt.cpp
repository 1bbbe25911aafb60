#include "runtime/app/Interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace ashlar {

static std::atomic<int> noted{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may not wait");

static void note(int signal) {
  int none = 0;
  if (!noted.compare_exchange_strong(none, signal))
    _exit(128 + signal);
}

void noteInterrupts() {
  for (int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN)
      continue;
    action = {};
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
}

int interruptSignal() { return noted.load(std::memory_order_relaxed); }

} // namespace ashlar
