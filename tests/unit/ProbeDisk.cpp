// A disk that cannot be measured is said with the reason, and is left out.
#include "compiler/machine/ProbeDisk.h"
#include "tests/unit/Check.h"

#include <csignal>
#include <sys/resource.h>

using namespace ashlar;

/// What is said when the disk of a directory is measured while the process may use only so much of
/// a resource.
static std::string probeWithin(const char *directory, __rlimit_resource resource, rlim_t most) {
  std::string messages(1 << 12, ' ');
  messages.clear();
  llvm::raw_string_ostream out(messages);
  Diagnostics diags(out);
  rlimit before{};
  getrlimit(resource, &before);
  rlimit now = {most, before.rlim_max};
  setrlimit(resource, &now);
  bool measured = probeDisk(directory, Bytes(8 << 20), diags).has_value();
  setrlimit(resource, &before);
  CHECK(!measured);
  return messages;
}

TEST(unmeasuredDisks) {
  std::signal(SIGXFSZ, SIG_IGN);
  CHECK_EQ(probeWithin("/proc", RLIMIT_FSIZE, RLIM_INFINITY),
           "/proc: warning: the disk is not measured: no file can be made here: No such file or "
           "directory\n");
  CHECK_EQ(
      probeWithin("/tmp", RLIMIT_FSIZE, 0),
      "/tmp: warning: the disk is not measured: no file can be written here: File too large\n");
#ifndef __SANITIZE_ADDRESS__ // which has no limit of memory
  CHECK_EQ(probeWithin("/tmp", RLIMIT_AS, 1),
           "/tmp: warning: the disk is not measured: no memory: Cannot allocate memory\n");
#endif
}
