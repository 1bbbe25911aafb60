#include "compiler/support/Temporary.h"

#include "compiler/support/Diagnostics.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>

namespace ashlar {

static constexpr size_t MostAtATime = 8;
static std::atomic<const char *> doomed[MostAtATime];

/// Made of nothing but system calls: a handler of signals may not even allocate.
static void removeAll(int in, const char *name) {
  if (unlinkat(in, name, 0) == 0)
    return;
  int directory = openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0)
    return;
  alignas(dirent64) char entries[4096];
  for (ssize_t bytes; (bytes = getdents64(directory, entries, sizeof(entries))) > 0;)
    for (ssize_t at = 0; at < bytes;) {
      auto *entry = reinterpret_cast<const dirent64 *>(entries + at);
      if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
        removeAll(directory, entry->d_name);
      at += entry->d_reclen;
    }
  close(directory);
  unlinkat(in, name, AT_REMOVEDIR);
}

static void end(int signal) {
  for (std::atomic<const char *> &path : doomed)
    if (path)
      removeAll(AT_FDCWD, path);
  raise(signal); // its default is back, and comes when this handler returns
}

static void handleSignals() {
  static bool done = false;
  if (done)
    return;
  done = true;
  struct sigaction ours {
  }, before;
  ours.sa_handler = end;
  ours.sa_flags = int(SA_RESETHAND);
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_DFL)
      sigaction(signal, &ours, nullptr); // one that is ignored (nohup) stays ignored
}

Temporary::Temporary(std::string path) : name(std::move(path)) {
  handleSignals();
  for (slot = 0; slot < MostAtATime; ++slot)
    if (const char *none = nullptr; doomed[slot].compare_exchange_strong(none, name.c_str()))
      return;
  internalError("more temporary files than are removed at an end");
}

Temporary::~Temporary() {
  if (doomed[slot])
    removeAll(AT_FDCWD, name.c_str());
  keep();
}

void Temporary::keep() { doomed[slot] = nullptr; }

} // namespace ashlar
