#include "compiler/machine/Host.h"
#include "compiler/machine/Machine.h"
#include "compiler/machine/ProbeDisk.h"
#include "compiler/machine/ProbeKernels.h"
#include "compiler/machine/Timing.h"
#include "compiler/support/CacheType.h"
#include "compiler/support/PanelBytes.h"
#include "compiler/support/TorchModule.h"
#include "runtime/Team.h"
#include "runtime/TorchLibrary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ashlar {
namespace {

using Shape = ProbeShape;

/// The form of the kernels that an app for this processor is compiled with, or the nearest.
const ProbeKernels &formFor(const Processor &processor) {
  std::vector<std::string> isa = requiredIsa(processor);
  auto has = [&](llvm::StringRef set) { return llvm::is_contained(isa, set); };
  if (has("avx512_bf16") && has("avx512_vnni") && has("avx512vbmi"))
    return has("amx_bf16") ? probe_avx512amx::kernels : probe_avx512bf16::kernels;
  if (has("avx512_vnni"))
    return probe_avx512vnni::kernels;
  if (has("avx512f"))
    return probe_avx512::kernels;
  if (has("avx2"))
    return probe_avx2::kernels;
  return probe_scalar::kernels;
}

/// Memory as apps have it: huge pages where the system gives them.
class Arena {
public:
  explicit Arena(uint64_t size)
      : size(size), base(mmap(nullptr, size + Huge, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (*this)
      madvise(begin(), size, MADV_HUGEPAGE);
  }
  Arena(const Arena &) = delete;
  ~Arena() {
    if (*this)
      munmap(base, size + Huge);
  }
  explicit operator bool() const { return base != MAP_FAILED; }
  std::byte *begin() const {
    auto address = reinterpret_cast<uint64_t>(base);
    return static_cast<std::byte *>(base) + (alignUp(address, Huge) - address);
  }
  const uint64_t size;

private:
  static constexpr uint64_t Huge = 2 << 20;
  void *const base;
};

/// Each thread writes its part for the first time, so that pages come from near it, and from all at
/// once. The pattern is a normal number in every type.
void populate(StepState &state) {
  int64_t size = static_cast<int64_t>(*static_cast<uint64_t *>(state.context));
  forChunks(state, {size, 4096, 1}, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at + 4 <= end; at += 4)
      std::memcpy(state.host + at, "\x80\x3f\x80\x3f", 4);
  });
}

/// One thread to a core, for as long as a probe takes: on a busy machine the system may keep two of
/// them on the same, where each waits for the other to be put to sleep.
void pin(StepState &state) {
  const auto &allowed = *static_cast<const cpu_set_t *>(state.context);
  uint32_t seen = 0;
  for (int core = 0; core < CPU_SETSIZE; core++)
    if (CPU_ISSET(core, &allowed) && seen++ == state.thread) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(core, &one);
      sched_setaffinity(0, sizeof one, &one);
      return;
    }
}

class Prober {
public:
  Prober(const ProbeKernels &kernels, Team &team, const Arena &arena, Bytes caches, bool quick)
      : kernels(kernels), team(team), arena(arena), caches(caches), budget(quick ? 0.05 : 0.5),
        repeats(quick ? 99 : 999) {}

  uint32_t bestAhead(DataType type) const;
  void linear(DataType type, uint32_t ahead, std::vector<KernelRate> &rates) const;
  void torchLinear(DataType type, TorchLibrary &torch, std::vector<KernelRate> &rates) const;
  KernelRate attend(DataType type) const;
  KernelRate elementwise() const;
  void warmUp() const;

private:
  /// Seconds of a call, from several runs of `count` calls.
  double time(ProbeFunction function, ProbeCalls calls, uint32_t tokens = 1, uint64_t position = 0,
              TorchLibrary *torch = nullptr, uint32_t ahead = 0) const {
    StepState state;
    state.ahead = {ahead, ahead, ahead, ahead, ahead}; // a call reads one of them
    state.torch = torch;
    state.host = arena.begin();
    state.tokens = tokens;
    state.position = position;
    state.context = &calls;
    auto run = [&] {
      team.run(function, state);
      calls.first = (calls.first + calls.count) % calls.places;
    };
    // Brings code and threads to where they are needed, and operands that fit; the others drive out
    // of the caches what was measured before.
    for (uint64_t touched = 0; touched < calls.places; touched += calls.count)
      run();
    // Long calls need more tries until one of them is undisturbed.
    return fastestSeconds(repeats, tokens > 1 ? 3 * budget : budget, run) /
           static_cast<double>(calls.count);
  }
  /// Operands of `each` bytes that fit into the arena, or into less.
  uint64_t places(uint64_t each, uint64_t within = UINT64_MAX) const {
    uint64_t room = std::min(within, arena.size - ProbeArena::Operands);
    return std::max<uint64_t>(room / each, 1);
  }

  const ProbeKernels &kernels;
  Team &team;
  const Arena &arena;
  Bytes caches;
  double budget;
  unsigned repeats;
};

/// What remains of a call without its latency. Where that is most of it, the rate means little, but
/// it must not become infinite.
double beyond(double call, double latency) { return std::max(call - latency, call / 4); }

void Prober::warmUp() const {
  // Clocks take some milliseconds to go up.
  double until = seconds() + 0.1;
  while (seconds() < until)
    time(kernels.linear[0].tiny, {1000});
}

/// How far ahead to ask for weights of a type, into the first cache or the second, or 0 when
/// neither is faster: taken in turns, because memory has its moods.
uint32_t Prober::bestAhead(DataType type) const {
  constexpr uint32_t Tried[] = {0, host::SoonBytes, 2 * host::SoonBytes};
  constexpr double Chance = 0.98;
  ProbeFunction stream = kernels.linear[static_cast<size_t>(type)].stream;
  uint64_t count = places(panelBytes(type, Shape::StreamRows, Shape::StreamColumns));
  double taken[] = {INFINITY, INFINITY, INFINITY};
  for (int turn = 0; turn < 3; ++turn)
    for (size_t i = 0; i < std::size(Tried); ++i)
      taken[i] = std::min(taken[i], time(stream, {1, count}, 1, 0, nullptr, Tried[i]));
  size_t better = taken[1] < taken[2] ? 1 : 2;
  return taken[better] < Chance * taken[0] ? Tried[better] : 0;
}

void Prober::linear(DataType type, uint32_t ahead, std::vector<KernelRate> &rates) const {
  const ProbeKernels::Linear &typed = kernels.linear[static_cast<size_t>(type)];
  KernelRate rate;
  rate.kernel = Kernel::Linear;
  rate.type = type;
  double latency = time(typed.tiny, {100});
  rate.latency = nanos(latency);

  uint64_t bytes = panelBytes(type, Shape::StreamRows, Shape::StreamColumns);
  rate.ahead = ahead;
  double stream = time(typed.stream, {1, places(bytes)}, 1, 0, nullptr, rate.ahead);
  rate.read = measured(static_cast<double>(bytes), beyond(stream, latency));
  double tokens = time(typed.tokens, {}, Shape::Tokens);
  rate.compute =
      measured(2.0 * Shape::Tokens * Shape::ManyRows * Shape::ManyColumns, beyond(tokens, latency));

  // The same from the caches, as far as they are any faster: other machines may share them.
  bytes = panelBytes(type, Shape::CachedRows, Shape::CachedColumns);
  for (uint64_t within = caches.value; within >= bytes; within /= 2) {
    KernelRate cached = rate;
    cached.within = Bytes(within);
    cached.ahead = 0; // caches are fast enough
    uint64_t count = places(bytes, within);
    cached.read =
        measured(static_cast<double>(bytes), beyond(time(typed.cached, {count, count}), latency));
    if (cached.read.perSecond < 1.2 * rate.read.perSecond)
      continue;
    rates.push_back(cached);
    break;
  }
  rates.push_back(rate);
}

/// Rows and weights are those of `linear`. What both read from memory, both read as fast.
void Prober::torchLinear(DataType type, TorchLibrary &torch, std::vector<KernelRate> &rates) const {
  const ProbeKernels::Torch &typed = type == DataType::F32 ? kernels.torchF32 : kernels.torchBF16;
  uint64_t room = arena.size - ProbeArena::TorchOut;
  auto native = llvm::find_if(rates, [&](const KernelRate &rate) {
    return rate.kernel == Kernel::Linear && rate.type == type && !rate.within.value;
  });
  if (team.threads() * ProbeArena::TorchOutBytes > room || native == rates.end())
    return;
  KernelRate rate = *native;
  rate.provider = Provider::Torch;
  rate.ahead = 0;
  double latency = time(typed.tiny, {10}, 2, 0, &torch);
  rate.latency = nanos(latency);
  double tokens = time(typed.tokens, {}, Shape::TorchTokens, 0, &torch);
  rate.compute = measured(2.0 * Shape::TorchTokens * Shape::ManyRows * Shape::ManyColumns,
                          beyond(tokens, latency));
  if (!torch.takeFailure())
    rates.push_back(rate);
}

KernelRate Prober::attend(DataType type) const {
  const ProbeKernels::Attend &typed = kernels.attend[static_cast<size_t>(type)];
  KernelRate rate;
  rate.kernel = Kernel::Attend;
  rate.type = type;
  ProbeFunction one = team.threads() > Shape::KeyHeads ? typed.pieces : typed.one;
  double latency = time(one, {100});
  rate.latency = nanos(latency);

  uint64_t bytes = 2 * Shape::KeyHeads * Shape::Context * *cacheRowBytes(type, Shape::HeadDim);
  double full = time(one, {1, places(bytes)}, 1, Shape::Context - 1);
  rate.read = measured(static_cast<double>(bytes), beyond(full, latency));

  // As many tokens as keep all threads busy. Half of the last square of positions is masked out.
  uint32_t tokens = std::clamp(team.threads() * 4, 16u, Shape::Tokens);
  uint64_t start = Shape::Context / 2 - tokens;
  double pairs = tokens * (static_cast<double>(start) + (tokens + 1) / 2.0);
  double many = time(typed.tokens, {}, tokens, start);
  rate.compute = measured(4.0 * Shape::QueryHeads * Shape::HeadDim * pairs, beyond(many, latency));
  return rate;
}

KernelRate Prober::elementwise() const {
  KernelRate rate;
  rate.kernel = Kernel::Elementwise;
  double latency = time(kernels.norm, {100});
  rate.latency = nanos(latency);
  // A norm reads one row and writes one; a gate reads two.
  constexpr uint64_t Row = Shape::Tokens * Shape::StreamColumns * 4;
  double both = beyond(time(kernels.normTokens, {4}, Shape::Tokens), latency) +
                beyond(time(kernels.gluTokens, {4}, Shape::Tokens), latency);
  rate.read = measured(5.0 * Row, both);
  // Bytes tell how long these take; operations are no second limit.
  rate.compute = {rate.read.perSecond, Source::Derived};
  return rate;
}

} // namespace

std::optional<Machine> probe(const ProbeOptions &options, Diagnostics &diags) {
  if (!llvm::sys::fs::is_directory(options.diskDir)) {
    diags.error(Exit::InputOutput, options.diskDir, "no such directory");
    diags.note("the disk that holds it would be measured; name one with --disk");
    return std::nullopt;
  }
  Host host = readHost();
  Machine machine;
  machine.name = "this-machine";
  machine.memories.push_back({"host", host.usable, Source::Measured});
  Processor &cpu = machine.processors.emplace_back();
  cpu.name = "cpu";
  cpu.threads = host.cores;
  cpu.isa = host.isa;

  // Four times the last cache, so that little of it is still there when it is read again.
  constexpr uint64_t Operand = Shape::StreamRows * Shape::StreamColumns * 4;
  uint64_t operands = std::max<uint64_t>(256 << 20, 4 * host.lastLevel.value);
  operands = std::max(std::min(operands, host.usable.value / 8), Operand);
  Arena arena(ProbeArena::Operands + operands);
  Team team(host.cores);
  std::string reason;
  if (!arena || !team.start(reason)) {
    diags.error(Exit::InputOutput, "",
                "this machine cannot be measured: " + (arena ? reason : "no memory"));
    return std::nullopt;
  }
  StepState state;
  state.host = arena.begin();
  uint64_t size = arena.size;
  state.context = &size;
  team.run(populate, state);

  cpu_set_t allowed;
  bool pinned = sched_getaffinity(0, sizeof allowed, &allowed) == 0;
  if (pinned) {
    state.context = &allowed;
    team.run(pin, state);
  }

  Bytes caches(std::max(host.secondLevel.value, host.lastLevel.value / 2));
  Prober prober(formFor(cpu), team, arena, caches, options.quick);
  prober.warmUp();
  // Of a core that has memory to itself: together they may wait for memory whatever they do.
  Team one(1);
  Prober alone(formFor(cpu), one, arena, caches, options.quick);
  for (DataType type : DataTypes)
    prober.linear(type, alone.bestAhead(type), cpu.rates);
  for (DataType type : CacheTypes)
    cpu.rates.push_back(prober.attend(type));
  cpu.rates.push_back(prober.elementwise());
  TorchLibrary torch;
  Bytes before = residentBytes();
  std::string module = torchModule();
  if (!module.empty() && !torch.open(module)) {
    for (DataType type : {DataType::F32, DataType::BF16})
      prober.torchLinear(type, torch, cpu.rates);
    if (Bytes after = residentBytes(); before < after) {
      cpu.torch = after - before;
      cpu.torchSource = Source::Measured;
    }
  }

  if (pinned)
    sched_setaffinity(0, sizeof allowed, &allowed);

  Bytes fileSize(options.quick ? 64 << 20 : 256 << 20);
  if (std::optional<Disk> disk = probeDisk(options.diskDir, fileSize, diags))
    machine.disks.push_back(*disk);
  return machine;
}

} // namespace ashlar
