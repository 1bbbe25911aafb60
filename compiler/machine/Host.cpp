#include "compiler/machine/Host.h"
#include "compiler/machine/Machine.h"
#include "runtime/TileRegisters.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

namespace ashlar {
namespace {

/// Files of /proc and /sys say that they are empty, so they are read as a stream.
std::string contents(const llvm::Twine &path) {
  auto buffer = llvm::MemoryBuffer::getFileAsStream(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

/// The value of `name` in lines of "name : value".
llvm::StringRef lookUp(llvm::StringRef text, llvm::StringRef name) {
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    auto [key, value] = line.split(':');
    if (key.trim() == name)
      return value.trim();
    text = rest;
  }
  return {};
}

/// The text of a file in each control group that this process is in, from its own up to the root:
/// version 2 has one tree for all, version 1 a tree for each controller. In a container the inner
/// groups may not be visible; the root then is the container's own.
std::vector<std::string> groupFiles(llvm::StringRef controller, const char *version1,
                                    const char *version2) {
  std::vector<std::string> texts;
  std::string groups = contents("/proc/self/cgroup");
  for (llvm::StringRef line : llvm::split(groups, '\n')) {
    auto [controllers, path] = line.split(':').second.split(':');
    bool unified = controllers.empty() && path.starts_with("/");
    if (!unified && !llvm::is_contained(llvm::split(controllers, ','), controller))
      continue;
    std::string root = "/sys/fs/cgroup" + (unified ? std::string() : "/" + controller.str());
    for (path = path.rtrim('/');; path = path.take_front(path.rfind('/'))) {
      std::string text = contents(root + path + "/" + (unified ? version2 : version1));
      if (!text.empty())
        texts.push_back(text);
      if (path.empty())
        break;
    }
  }
  return texts;
}

uint32_t readCores() {
  // More processors than fit into the usual set need a larger one.
  uint32_t cores = 0;
  for (size_t count = CPU_SETSIZE; count <= CPU_SETSIZE * 64 && !cores; count *= 2) {
    cpu_set_t *set = CPU_ALLOC(count);
    size_t size = CPU_ALLOC_SIZE(count);
    if (set && sched_getaffinity(0, size, set) == 0)
      cores = static_cast<uint32_t>(CPU_COUNT_S(size, set));
    CPU_FREE(set);
  }
  cores = std::max(cores, 1u);

  auto limit = [&](llvm::StringRef quota, llvm::StringRef period) {
    uint64_t q, p;
    // Rounded down: a thread that is throttled makes all others wait.
    if (!quota.trim().getAsInteger(10, q) && !period.trim().getAsInteger(10, p) && p)
      cores = static_cast<uint32_t>(std::clamp<uint64_t>(q / p, 1, cores));
  };
  std::vector<std::string> quotas = groupFiles("cpu", "cpu.cfs_quota_us", "cpu.max");
  std::vector<std::string> periods = groupFiles("cpu", "cpu.cfs_period_us", "cpu.max");
  for (auto [quota, period] : llvm::zip(quotas, periods)) {
    bool both = llvm::StringRef(quota).contains(' '); // "max 100000": of version 2
    limit(both ? llvm::StringRef(quota).split(' ').first : llvm::StringRef(quota),
          both ? llvm::StringRef(period).split(' ').second : llvm::StringRef(period));
  }
  return cores;
}

void readMemory(Host &host) {
  std::string info = contents("/proc/meminfo");
  auto bytes = [&](llvm::StringRef name) {
    uint64_t kib = 0;
    lookUp(info, name).split(' ').first.getAsInteger(10, kib);
    return kib * 1024;
  };
  uint64_t total = bytes("MemTotal"), available = bytes("MemAvailable");
  for (llvm::StringRef text : groupFiles("memory", "memory.limit_in_bytes", "memory.max")) {
    uint64_t limit;
    if (!text.trim().getAsInteger(10, limit)) { // "max" is no limit
      total = std::min(total, limit);
      available = std::min(available, limit);
    }
  }
  constexpr uint64_t MiB = 1 << 20;
  uint64_t margin = std::min(std::max(available / 20, 512 * MiB), available / 4);
  host.total = Bytes(total);
  host.usable = Bytes((available - margin) / MiB * MiB);
}

void readCaches(Host &host) {
  // Processor 0 speaks for all.
  for (int index = 0; index < 8; index++) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::string size = contents(folder + "size"), type = contents(folder + "type"),
                level = contents(folder + "level");
    llvm::StringRef digits = llvm::StringRef(size).trim();
    uint64_t kib;
    if (type.rfind("Instruction", 0) == 0 || !digits.consume_back("K") ||
        digits.getAsInteger(10, kib))
      continue;
    if (level[0] == '2')
      host.secondLevel = Bytes(kib * 1024 * host.cores);
    else if (level[0] == '3')
      host.lastLevel = Bytes(kib * 1024);
  }
}

} // namespace

Host readHost() {
  Host host;
  std::string info = contents("/proc/cpuinfo");
  host.processor = lookUp(info, "model name").str();
  llvm::SmallVector<llvm::StringRef> flags;
  lookUp(info, "flags").split(flags, ' ');
  for (llvm::StringRef isa : knownIsa())
    if (llvm::is_contained(flags, isa))
      host.isa.push_back(isa.str());
  if (llvm::is_contained(host.isa, "amx_tile") && !useTileRegisters())
    llvm::erase_if(host.isa, [](llvm::StringRef isa) { return isa.starts_with("amx"); });
  host.cores = readCores();
  readMemory(host);
  readCaches(host);
  return host;
}

Bytes residentBytes() {
  std::string status = contents("/proc/self/status");
  llvm::StringRef kib = lookUp(status, "VmRSS");
  uint64_t count = 0;
  return kib.consume_back(" kB") && !kib.getAsInteger(10, count) ? Bytes(count * 1024) : Bytes();
}

} // namespace ashlar
