// What the system lets a process have: limits of control groups, of all that it is in, in trees of
// files as the versions of Linux have them; what is missing or odd is no limit.
#include "runtime/HostLimits.h"

#include "runtime/Preflight.h"
#include "tests/unit/Check.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <sched.h>

#include <cerrno>

using namespace ashlar;

namespace {

/// A machine of so many processors, of which so many are for this process.
struct {
  size_t possible = 64, allowed = 8;
} processors;

/// A directory with some files of /proc and /sys below it, that is gone with the test.
struct Root {
  llvm::SmallString<128> path;
  Root() { CHECK(!llvm::sys::fs::createUniqueDirectory("ashlar-limits", path)); }
  ~Root() { llvm::sys::fs::remove_directories(path); }
  std::string name() const { return path.str().str(); }

  Root &put(const std::string &file, llvm::StringRef text) {
    std::string whole = name() + "/" + file;
    CHECK(!llvm::sys::fs::create_directories(llvm::sys::path::parent_path(whole)));
    std::error_code error;
    llvm::raw_fd_ostream out(whole, error);
    CHECK(!error);
    out << text;
    return *this;
  }
  /// A machine that has 8 MiB, of which 6 are free.
  Root &machine() {
    return put("proc/meminfo", "MemTotal:           8192 kB\nMemFree:            1024 kB\n"
                               "MemAvailable:       6144 kB\n");
  }
  Root &groups(llvm::StringRef text) { return put("proc/self/cgroup", text); }
  /// A group of version 2.
  Root &group(const std::string &folder, llvm::StringRef max, llvm::StringRef current = "",
              llvm::StringRef stat = "") {
    put(folder + "/memory.max", max);
    if (!current.empty())
      put(folder + "/memory.current", current);
    return stat.empty() ? *this : put(folder + "/memory.stat", stat);
  }
};

constexpr uint64_t Machine = 6 << 20, None = UINT64_MAX;

void expect(const Root &root, uint64_t limit, uint64_t left) {
  MemoryLimits limits = memoryLimits(root.name());
  CHECK_EQ(limits.total.value_or(0), uint64_t(8 << 20));
  CHECK_EQ(limits.available.value_or(0), Machine);
  CHECK_EQ(limits.limit, limit);
  CHECK_EQ(limits.left, left);
  CHECK_EQ(availableBytes(root.name()), std::min(Machine, left));
}

} // namespace

// In place of the system's.
int sched_getaffinity(pid_t, size_t size, cpu_set_t *set) noexcept {
  if (size * 8 < processors.possible) {
    errno = EINVAL;
    return -1;
  }
  CPU_ZERO_S(size, set);
  for (size_t i = 0; i < processors.allowed; ++i)
    CPU_SET_S(processors.possible - 1 - i, size, set);
  return 0;
}

TEST(noGroups) {
  expect(Root().machine(), None, None);
  expect(Root().machine().groups(""), None, None);
  expect(Root().machine().groups("0::/\n"), None, None);
}

TEST(nothingIsKnown) {
  Root root;
  MemoryLimits limits = memoryLimits(root.name());
  CHECK(!limits.total && !limits.available);
  CHECK_EQ(limits.limit, None);
  CHECK_EQ(availableBytes(root.name()), None);
  CHECK_EQ(usableCores(root.name()), 8u);
}

TEST(max) {
  expect(Root().machine().groups("0::/a\n").group("sys/fs/cgroup/a", "max\n", "4096\n"), None,
         None);
}

// A unit of systemd with a limit, and a process in a group within it.
TEST(limitOfAnAncestor) {
  Root root;
  root.machine().groups("0::/system.slice/app.service/inner\n");
  root.group("sys/fs/cgroup/system.slice/app.service/inner", "max\n", "100000\n");
  root.group("sys/fs/cgroup/system.slice/app.service", "3000000\n", "1000000\n");
  root.group("sys/fs/cgroup/system.slice", "max\n", "7000000\n");
  expect(root, 3000000, 2000000);
  root.group("sys/fs/cgroup/system.slice", "5000000\n", "4500000\n");
  expect(root, 3000000, 500000);
  root.group("sys/fs/cgroup", "2000000\n", "1900000\n"); // a container's own
  expect(root, 2000000, 100000);
}

// In a container that sees its own group alone, as the root, under a name of the host's.
TEST(namesOfTheHost) {
  Root root;
  root.machine().groups("0::/docker/0123:4\n").group("sys/fs/cgroup", "3000000\n", "1000000\n");
  expect(root, 3000000, 2000000);
  root.group("sys/fs/cgroup/docker/0123:4", "2500000\n", "1000000\n"); // or sees the host's
  expect(root, 2500000, 1500000);
  Root outside; // of the namespace
  outside.machine().groups("0::/../other\n").group("sys/fs/cgroup", "3000000\n");
  expect(outside, 3000000, 3000000);
}

TEST(version1) {
  Root root;
  root.machine().groups(
      "12:cpu,cpuacct:/c\n4:hugetlb,memory:/a/b\n3:devices:/d\n1:name=systemd:/a\n"
      "0::/e\n");
  std::string tree = "sys/fs/cgroup/memory/";
  root.put(tree + "memory.limit_in_bytes", "9223372036854771712\n");
  root.put(tree + "a/b/memory.limit_in_bytes", "9223372036854771712\n");
  root.put(tree + "a/b/memory.usage_in_bytes", "123\n");
  root.put(tree + "c/memory.limit_in_bytes", "1\n"); // of another controller's group
  root.put(tree + "a/memory.limit_in_bytes", "3000000\n");
  root.put(tree + "a/memory.usage_in_bytes", "1000000\n");
  expect(root, 3000000, 2000000);
  // Of all that is in the group, and not of it alone.
  root.put(tree + "a/memory.stat",
           "cache 800000\nshmem 5\ninactive_file 1\nactive_file 2\ntotal_cache 900000\n"
           "total_shmem 200000\ntotal_inactive_file 400000\ntotal_active_file 300000\n");
  expect(root, 3000000, 2700000);
}

// Of pages that `file` counts those of tmpfs, and of anonymous memory on its way to or from a swap,
// are given back to nobody; nor are those that are locked.
TEST(whatIsGivenBack) {
  Root root;
  root.machine().groups("0::/\n");
  root.group("sys/fs/cgroup", "3000000\n", "2500000\n",
             "anon 400000\nfile 2000000\nshmem 1700000\nfile_mapped 7\nswapcached 10000\n"
             "inactive_anon 1600000\nactive_anon 400000\ninactive_file 150000\n"
             "active_file 50000\nunevictable 200000\n");
  expect(root, 3000000, 700000);
  // More than is in use: not all counts are of the same moment.
  root.group("sys/fs/cgroup", "3000000\n", "100000\n", "inactive_file 90000\nactive_file 90000");
  expect(root, 3000000, 3000000);
  // More in use than is allowed: the limit was lowered.
  root.group("sys/fs/cgroup", "3000000\n", "3500000\n", "inactive_file 0\nactive_file x\n");
  expect(root, 3000000, 0);
}

TEST(large) {
  Root root;
  root.put("proc/meminfo", "MemTotal: 18014398509481983 kB\nMemAvailable: 4398046511104 kB\n");
  root.groups("0::/\n").group("sys/fs/cgroup", "4503599627370497", "4503599627370495");
  CHECK_EQ(memoryLimits(root.name()).total.value_or(0), uint64_t(18014398509481983) * 1024);
  CHECK_EQ(memoryLimits(root.name()).available.value_or(0), uint64_t(4398046511104) * 1024);
  CHECK_EQ(memoryLimits(root.name()).limit, uint64_t(4503599627370497));
  CHECK_EQ(availableBytes(root.name()), 2u);
}

TEST(garbage) {
  Root root;
  root.machine().groups("0::/a\n");
  for (llvm::StringRef text :
       {"", "\n", "-1\n", "+1\n", "12x\n", "x12\n", "1 2\n", "0x10\n", "18446744073709551616\n",
        "99999999999999999999999999\n", "\xff\xfe\n"}) {
    root.group("sys/fs/cgroup/a", text);
    expect(root, None, None);
    root.put("sys/fs/cgroup/cpu.max", (text + " 100000").str());
    root.put("sys/fs/cgroup/a/cpu.max", ("100000 " + text).str());
    CHECK_EQ(usableCores(root.name()), 8u);
  }
  root.group("sys/fs/cgroup/a", llvm::StringRef("7\0", 2));
  expect(root, None, None);
}

TEST(garbageAboutGroups) {
  Root root;
  root.machine().group("sys/fs/cgroup", "3000000\n").put("sys/fs/cgroup/cpu.max", "0 0\n");
  for (llvm::StringRef text : {":", "::", "0::", "0::a/b\n", "4:memory:a/b\n4:memory", "\n\n:::\n",
                               "4:mem,,emory,:/\n", "memory"})
    expect(root.groups(text), None, None);
  for (llvm::StringRef text : {"0::/", "0:://", "0::///a//\n", "0::/a/b (deleted)\n", "\n0::/..\n"})
    expect(root.groups(text), 3000000, 3000000);
  CHECK_EQ(usableCores(root.name()), 8u);

  for (llvm::StringRef text : {"MemTotal:", "MemTotal: much kB\nMemAvailable: -1 kB\n", "MemTotal",
                               "MemAvailable: 18014398509481984 kB\n", "xMemTotal: 5 kB\n"}) {
    root.put("proc/meminfo", text);
    CHECK(!memoryLimits(root.name()).total);
    CHECK(!memoryLimits(root.name()).available);
    CHECK_EQ(availableBytes(root.name()), 3000000u);
  }
}

TEST(hugeFiles) {
  Root root;
  std::string junk(5 << 20, 'x');
  root.machine().groups("0::/\n" + junk).group("sys/fs/cgroup", "3000000\n");
  expect(root, 3000000, 3000000);
  root.group("sys/fs/cgroup", "3000000\n" + junk);
  expect(root, None, None);
  CHECK_EQ(systemText(root.name() + "/proc/self/cgroup").size(), size_t(1) << 20);
  CHECK_EQ(systemText(root.name() + "/proc"), "");
}

TEST(quotas) {
  Root root;
  root.groups("0::/a/b\n").put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  CHECK_EQ(usableCores(root.name()), 8u);
  root.put("sys/fs/cgroup/a/cpu.max", "350000 100000\n");
  CHECK_EQ(usableCores(root.name()), 3u);
  root.put("sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
  CHECK_EQ(usableCores(root.name()), 1u);
  root.put("sys/fs/cgroup/a/b/cpu.max", "5000000 100000\n");
  CHECK_EQ(usableCores(root.name()), 3u);

  Root version1;
  version1.groups("3:cpu,cpuacct:/a\n4:memory:/m\n");
  version1.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  version1.put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(usableCores(version1.name()), 8u);
  version1.put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "200000\n");
  CHECK_EQ(usableCores(version1.name()), 8u);
  version1.put("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  CHECK_EQ(usableCores(version1.name()), 2u);
}

TEST(moreProcessorsThanTheUsualSet) {
  processors = {5000, 1500};
  CHECK_EQ(usableCores(Root().name()), 1500u);
  processors = {1 << 20, 4}; // more than anybody has: it is not told how many
  CHECK_EQ(usableCores(Root().name()), 1u);
  processors = {64, 8};
}

// What an app says about it, before it takes any.
TEST(preflightSeesThem) {
  Root root;
  root.machine().groups("0::/a/b\n").group("sys/fs/cgroup/a", "3000000\n", "1000000\n");
  root.put("sys/fs/cgroup/a/cpu.max", "100000 100000\n");
  ModelInfo model{};
  model.threads = 2;
  model.hostBytes = 2000000;
  std::vector<Finding> findings = preflight(model, false, root.name());
  CHECK_EQ(findings.size(), 3u);
  CHECK_EQ(findings[1].found, "2000000 bytes available");
  CHECK_EQ(findings[2].found, "1 cores: slower than predicted");
  CHECK(!refuse(findings)); // that is no reason not to run

  model.hostBytes = 2000001;
  model.threads = 1;
  findings = preflight(model, false, root.name());
  CHECK_EQ(findings[2].found, "1 cores");
  Failure f = refuse(findings);
  CHECK(f.code == ExitCode::DoesNotFit);
  CHECK_EQ(f.text.substr(0, f.text.find('\n')), "this machine is not the one that was planned for");
  CHECK(f.text.find("planned 2000001 bytes  here 2000000 bytes available  MISSING") !=
        std::string::npos);
  CHECK_EQ(f.note, "build the app for this machine with ashlar build, or ask for less with "
                   "--max-memory and --context");
}
