#include "compiler/support/Temporary.h"

#include "compiler/support/Diagnostics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
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

static constexpr size_t Suffix = 6; // of mkostemp and mkdtemp

/// A lock that nobody waits for. A file system that has none gives none to anybody.
static bool tryLock(int file) { return flock(file, LOCK_EX | LOCK_NB) == 0; }

/// Whether a name is a temporary of this kind, and ours.
static bool isOurs(int in, const char *name, Temporary::Kind kind) {
  struct stat facts;
  return fstatat(in, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && facts.st_uid == geteuid() &&
         (kind == Temporary::Kind::File
              ? S_ISREG(facts.st_mode)
              : S_ISDIR(facts.st_mode) && (facts.st_mode & 07777) == 0700);
}

/// Removes those of a stem whose process has ended. Only tidies: what it cannot do is left.
static void removeAbandoned(const std::string &stem, Temporary::Kind kind) {
  size_t slash = stem.rfind('/');
  std::string directory = slash == std::string::npos ? "." : stem.substr(0, slash + 1);
  std::string prefix = stem.substr(slash + 1); // npos + 1 is 0
  DIR *entries = opendir(directory.c_str());
  if (!entries)
    return;
  int in = dirfd(entries);
  while (const dirent *entry = readdir(entries)) {
    const char *name = entry->d_name;
    if (std::strlen(name) != prefix.size() + Suffix ||
        std::strncmp(name, prefix.c_str(), prefix.size()) != 0 || !isOurs(in, name, kind))
      continue;
    int file = openat(in, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
      continue;
    if (tryLock(file))
      removeAll(in, name);
    close(file);
  }
  closedir(entries);
}

/// Makes it and takes its lock. In between another process may think it abandoned: then errno is
/// EAGAIN.
bool Temporary::make(Kind kind) {
  name.replace(name.size() - Suffix, Suffix, Suffix, 'X');
  int inherited = kind == Kind::Directory ? 0 : O_CLOEXEC;
  if (kind == Kind::File)
    descriptor = mkostemp(name.data(), O_CLOEXEC);
  if (kind == Kind::File ? descriptor < 0 : !mkdtemp(name.data()))
    return false;
  // The file's own descriptor will not do: it is closed before the file gets its last name.
  lock = open(name.c_str(), O_RDONLY | O_NOFOLLOW | inherited);
  struct stat named, locked;
  // Another takes it for abandoned until it is locked, and may have removed it.
  int reason = EAGAIN;
  if (lock < 0) {
    reason = errno == ENOENT ? EAGAIN : errno;
  } else if (tryLock(lock) || errno != EWOULDBLOCK) {
    if (fstat(lock, &locked) != 0)
      reason = errno;
    else if (lstat(name.c_str(), &named) == 0 && named.st_ino == locked.st_ino)
      return true;
  }
  if (descriptor >= 0)
    close(descriptor);
  if (lock >= 0)
    close(lock);
  descriptor = lock = -1;
  removeAll(AT_FDCWD, name.c_str());
  errno = reason;
  return false;
}

Temporary::Temporary(const std::string &stem, Kind kind) : name(stem + std::string(Suffix, 'X')) {
  static constexpr int Tries = 100;
  handleSignals();
  removeAbandoned(stem, kind);
  // Before it is made, so that there is no moment in which the handler would miss it.
  for (slot = 0; slot < MostAtATime; ++slot)
    if (const char *none = nullptr; doomed[slot].compare_exchange_strong(none, name.c_str()))
      break;
  if (slot == MostAtATime)
    internalError("more temporary files than are removed at an end");
  for (int tries = 0; !(made = make(kind)) && errno == EAGAIN && tries < Tries; ++tries)
    ;
  if (!made)
    keep(); // there is nothing
}

Temporary::~Temporary() {
  if (doomed[slot])
    removeAll(AT_FDCWD, name.c_str());
  keep();
  if (lock >= 0)
    close(lock);
}

void Temporary::keep() { doomed[slot] = nullptr; }

} // namespace ashlar
