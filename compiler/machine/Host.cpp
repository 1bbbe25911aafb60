#include "compiler/machine/Host.h"
#include "compiler/machine/Machine.h"
#include "runtime/HostLimits.h"
#include "runtime/TileRegisters.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>

namespace ashlar {
namespace {

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

void readMemory(Host &host) {
  MemoryLimits limits = memoryLimits();
  uint64_t total = std::min(limits.total.value_or(0), limits.limit);
  // What a group has in use now, of which some is this tool's, is not taken off.
  uint64_t available = std::min(limits.available.value_or(0), limits.limit);
  constexpr uint64_t MiB = 1 << 20;
  uint64_t margin = std::min(std::max(available / 20, 512 * MiB), available / 4);
  host.total = Bytes(total);
  host.usable = Bytes((available - margin) / MiB * MiB);
}

void readCaches(Host &host) {
  // Processor 0 speaks for all.
  for (int index = 0; index < 8; index++) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    std::string size = systemText(folder + "size"), type = systemText(folder + "type"),
                level = systemText(folder + "level");
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
  std::string info = systemText("/proc/cpuinfo");
  host.processor = lookUp(info, "model name").str();
  llvm::SmallVector<llvm::StringRef> flags;
  lookUp(info, "flags").split(flags, ' ');
  for (llvm::StringRef isa : knownIsa())
    if (llvm::is_contained(flags, isa))
      host.isa.push_back(isa.str());
  if (llvm::is_contained(host.isa, "amx_tile") && !useTileRegisters())
    llvm::erase_if(host.isa, [](llvm::StringRef isa) { return isa.starts_with("amx"); });
  host.cores = usableCores();
  readMemory(host);
  readCaches(host);
  return host;
}

Bytes residentBytes() {
  std::string status = systemText("/proc/self/status");
  llvm::StringRef kib = lookUp(status, "VmRSS");
  uint64_t count = 0;
  return kib.consume_back(" kB") && !kib.getAsInteger(10, count) ? Bytes(count * 1024) : Bytes();
}

} // namespace ashlar
