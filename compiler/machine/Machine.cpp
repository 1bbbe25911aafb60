#include "compiler/machine/Machine.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace ashlar {

llvm::ArrayRef<llvm::StringRef> knownIsa() {
  static const llvm::StringRef known[] = {
      "amx_bf16",    "amx_fp16",    "amx_int8", "amx_tile", "avx",      "avx2",    "avx512_bf16",
      "avx512_fp16", "avx512_vnni", "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vbmi",
      "avx512vl",    "avx_vnni",    "f16c",     "fma",      "sse4_2",   "ssse3"};
  return known;
}

namespace {

struct Extension {
  llvm::StringRef isa;
  llvm::StringRef flag;
};

/// What the best form uses: the sets that it cannot do without go together, the others one by one.
std::vector<Extension> extensions(const Processor &processor) {
  static const Extension avx512[] = {{"avx512f", "-mavx512f"},
                                     {"avx512bw", "-mavx512bw"},
                                     {"avx512vl", "-mavx512vl"},
                                     {"avx512dq", "-mavx512dq"}};
  static const Extension avx2[] = {{"avx2", "-mavx2"}, {"fma", "-mfma"}, {"f16c", "-mf16c"}};
  static const Extension single[] = {{"avx512_bf16", "-mavx512bf16"},
                                     {"avx512_vnni", "-mavx512vnni"},
                                     {"avx512vbmi", "-mavx512vbmi"}};
  static const Extension tiles[] = {{"amx_tile", "-mamx-tile"}, {"amx_bf16", "-mamx-bf16"}};
  auto has = [&](const Extension &e) { return llvm::is_contained(processor.isa, e.isa); };

  std::vector<Extension> used;
  if (!llvm::all_of(avx2, has))
    return used;
  if (llvm::all_of(avx512, has))
    llvm::append_range(used, avx512);
  llvm::append_range(used, avx2);
  if (!llvm::all_of(avx512, has))
    return used;
  llvm::copy_if(single, std::back_inserter(used), has);
  if (has(single[0]) && llvm::all_of(tiles, has))
    llvm::append_range(used, tiles);
  return used;
}

} // namespace

std::vector<std::string> compilerFlags(const Processor &processor) {
  std::vector<std::string> flags;
  for (const Extension &e : extensions(processor))
    flags.push_back(e.flag.str());
  return flags;
}

std::vector<std::string> requiredIsa(const Processor &processor) {
  std::vector<std::string> isa;
  for (const Extension &e : extensions(processor))
    isa.push_back(e.isa.str());
  llvm::sort(isa);
  return isa;
}

bool multipliesBF16(const Processor &processor) {
  return processor.kind == ProcessorKind::Cpu &&
         llvm::is_contained(requiredIsa(processor), "avx512_bf16");
}

ProcessorId Machine::cpu() const {
  auto found =
      llvm::find_if(processors, [](const Processor &p) { return p.kind == ProcessorKind::Cpu; });
  return ProcessorId(static_cast<uint32_t>(found - processors.begin()));
}

std::vector<ProcessorId> Machine::accelerators() const {
  std::vector<ProcessorId> result;
  for (auto [at, processor] : llvm::enumerate(processors))
    if (processor.kind != ProcessorKind::Cpu)
      result.push_back(ProcessorId(static_cast<uint32_t>(at)));
  return result;
}

const Link *Machine::link(MemoryId from, MemoryId to) const {
  auto found = llvm::find_if(links, [&](const Link &l) { return l.from == from && l.to == to; });
  return found == links.end() ? nullptr : &*found;
}

std::vector<const Link *> Machine::route(MemoryId from, MemoryId to) const {
  if (from == to)
    return {};
  if (const Link *direct = link(from, to))
    return {direct};
  return {link(from, host()), link(host(), to)};
}

static Nanos transferTime(Nanos latency, double perSecond, Bytes bytes) {
  return latency + nanos(double(bytes.value) / perSecond);
}

Nanos copyTime(const Machine &machine, const Link &link, Bytes bytes) {
  double rate = link.bytes.perSecond;
  uint32_t index = static_cast<uint32_t>(&link - machine.links.data());
  for (const Limit &limit : machine.limits)
    if (llvm::is_contained(limit.links, index))
      rate = std::min(rate, limit.bytes.perSecond);
  return transferTime(link.latency, rate, bytes);
}

Nanos copyTime(const Machine &machine, MemoryId from, MemoryId to, Bytes bytes) {
  Nanos sum;
  for (const Link *link : machine.route(from, to))
    sum += copyTime(machine, *link, bytes);
  return sum;
}

Nanos readTime(const Disk &disk, Bytes bytes) {
  return transferTime(disk.latency, disk.bytes.perSecond, bytes);
}

llvm::StringRef name(Kernel kernel) {
  switch (kernel) {
  case Kernel::Linear:
    return "linear";
  case Kernel::Attend:
    return "attend";
  case Kernel::Elementwise:
    return "elementwise";
  }
  return "";
}

llvm::StringRef name(ProcessorKind kind) {
  switch (kind) {
  case ProcessorKind::Cpu:
    return "cpu";
  case ProcessorKind::Cuda:
    return "cuda";
  case ProcessorKind::Emulated:
    return "emulated";
  }
  return "";
}

llvm::StringRef name(Source source) {
  switch (source) {
  case Source::Declared:
    return "declared";
  case Source::Measured:
    return "measured";
  case Source::Derived:
    return "derived";
  }
  return "";
}

} // namespace ashlar
