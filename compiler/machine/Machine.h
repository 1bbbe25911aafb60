/// The hardware that a plan is made for: memories with usable bytes, processors with instruction
/// sets and rates, links and disks. Every number says where it comes from.
#pragma once

#include "compiler/support/DataType.h"
#include "compiler/support/Diagnostics.h"
#include "compiler/support/DiskHome.h"
#include "compiler/support/Provider.h"
#include "compiler/support/Quantity.h"

#include <optional>
#include <string>
#include <vector>

namespace ashlar {

enum class MemoryId : uint32_t {};
enum class ProcessorId : uint32_t {};

enum class Source : uint8_t { Declared, Measured, Derived };

/// A number per second, and where it comes from.
struct Rate {
  double perSecond = 0;
  Source source = Source::Declared;
};

enum class ProcessorKind : uint8_t { Cpu, Cuda, Emulated };

/// The kinds of work that are measured and predicted apart.
enum class Kernel : uint8_t {
  Linear,      // matrix times vector or matrix; weights of one type
  Attend,      // attention over a cache of one type
  Elementwise, // norms, rotations, activations, sums: f32
};

/// What one kernel reaches on one processor: time = latency + max(bytes / read, flops / compute).
struct KernelRate {
  Kernel kernel = Kernel::Linear;
  DataType type = DataType::F32;
  Provider provider = Provider::Native; // Torch: products of several rows with weights in rows
  /// The rate holds while everything that a step touches is at most this many bytes (it stays in
  /// the caches); 0 says any size. The smallest that suffices is used.
  Bytes within;
  Nanos latency; // of a call, with its barrier
  Rate read;     // bytes a second
  Rate compute;  // floating-point operations a second
  /// Of our products: those of one row ask for weights so many bytes ahead; 0: they do not.
  uint32_t ahead = 0;
};

struct Memory {
  std::string name; // "host", "gpu0"
  Bytes capacity;   // what a plan may use of it
  Source source = Source::Declared;
};

struct Processor {
  std::string name; // "cpu", "gpu0"
  ProcessorKind kind = ProcessorKind::Cpu;
  MemoryId memory{};            // the one that it computes from
  uint32_t threads = 1;         // that work side by side
  std::vector<std::string> isa; // "avx2", "avx512f", …: sorted
  /// What LibTorch takes of the memory for itself, in a program that computes with it; 0: unknown.
  Bytes torch;
  Source torchSource = Source::Declared;
  std::vector<KernelRate> rates;
};

struct Link {
  std::string name;
  MemoryId from{}, to{};
  Nanos latency;
  Rate bytes;
};

/// What several links share: a root complex, the host's memory. Together they carry no more.
struct Limit {
  std::string name;
  std::vector<uint32_t> links; // indices, ascending
  Rate bytes;
};

struct Disk {
  std::string name;
  std::string path;
  Nanos latency;
  Rate bytes; // sequential read
};

struct Machine {
  std::string name;
  std::vector<Memory> memories;
  std::vector<Processor> processors;
  std::vector<Link> links;
  std::vector<Limit> limits;
  std::vector<Disk> disks;

  const Memory &memory(MemoryId id) const { return memories[static_cast<uint32_t>(id)]; }
  const Processor &processor(ProcessorId id) const { return processors[static_cast<uint32_t>(id)]; }
  /// The one processor of kind cpu, and its memory: where tokens come from and logits go to, and
  /// through which everything passes that no link carries directly.
  ProcessorId cpu() const;
  MemoryId host() const { return processor(cpu()).memory; }
  /// The devices that Accelerate would count, in its order: device 0 is the first of these.
  std::vector<ProcessorId> accelerators() const;
  /// The link that goes straight from one memory to another.
  const Link *link(MemoryId from, MemoryId to) const;
  /// The links over which bytes go: one, or two by way of the host. Every two memories have such a
  /// route: profiles without it are refused.
  std::vector<const Link *> route(MemoryId from, MemoryId to) const;
};

/// Time that bytes take over a link when nothing else is under way: its own rate, or that of a
/// limit that it shares.
Nanos copyTime(const Machine &machine, const Link &link, Bytes bytes);
Nanos copyTime(const Machine &machine, MemoryId from, MemoryId to, Bytes bytes);
Nanos readTime(const Disk &disk, Bytes bytes);

/// The instruction sets that profiles may name and apps check at start, sorted: the names of
/// /proc/cpuinfo ("avx2", "avx512bw", "avx512f", "avx512_bf16", "f16c", "fma", …).
llvm::ArrayRef<llvm::StringRef> knownIsa();

/// The compiler's flags for the best form of the kernels that a processor can run, and the
/// instruction sets that an app so compiled needs, sorted. Kernels come in three forms: for any
/// x86-64, for AVX2 and for AVX-512, where bf16, VNNI, VBMI and AMX are used as far as they are
/// there; between them there is nothing to gain.
std::vector<std::string> compilerFlags(const Processor &processor);
std::vector<std::string> requiredIsa(const Processor &processor);

/// Whether a cpu multiplies bf16 by bf16, in that form of the kernels.
bool multipliesBF16(const Processor &processor);

llvm::StringRef name(Kernel kernel);
llvm::StringRef name(ProcessorKind kind);
llvm::StringRef name(Source source);

/// Reads a profile (YAML; README.md of specs/machines describes it). An unknown key, a name that
/// is used twice, a reference to nothing, a rate of zero: each an error with a caret. A name
/// without a slash that is no file is looked up among the profiles that the tool carries.
std::optional<Machine> readMachine(const std::string &path, Diagnostics &diags);

/// Writes the profile that `readMachine` reads.
void print(const Machine &machine, llvm::raw_ostream &out);

/// Measures this machine: the kernels that apps use, memory, and the disk that holds `diskDir`.
/// `quick` takes a few seconds.
struct ProbeOptions {
  bool quick = true;
  std::string diskDir = ".";
};
std::optional<Machine> probe(const ProbeOptions &options, Diagnostics &diags);

/// The profile of this machine: probed once and cached, made anew when processor, cores or memory
/// have changed. A cache that cannot be read or written costs a measurement, never the run.
std::optional<Machine> thisMachine(Diagnostics &diags);

} // namespace ashlar
