#include "compiler/machine/Machine.h"
#include "compiler/machine/ProfileValues.h"
#include "compiler/support/CacheType.h"
#include "compiler/support/Embedded.h"
#include "compiler/support/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace ashlar {
namespace {

constexpr uint64_t MaxLatency = 1'000'000'000'000; // a quarter of an hour
constexpr uint32_t MaxThreads = 1024;
constexpr uint64_t MaxAhead = 64 << 10;

/// Turns the text of a profile into a machine and says all that is wrong with it.
class Reader : profile::ValueReader {
public:
  explicit Reader(Diagnostics &diags) : ValueReader(diags) {}

  std::optional<Machine> read(const profile::Text &text);

private:
  MemoryId readMemory(const profile::Scalar &scalar, llvm::SMLoc owner, const char *key);
  template <class T>
  T readOneOf(const profile::Scalar &scalar, llvm::SMLoc owner, const char *key,
              llvm::ArrayRef<T> values);

  void readIsa(const profile::Processor &from, Processor &to);
  void readTorch(const profile::Processor &from, Processor &to);
  void readRates(const profile::Processor &from, Processor &to);
  template <class T> void checkNames(const std::vector<T> &things, const char *what);
  void readLimits(const profile::Text &text);
  void checkLinks(const profile::Text &text);
  void checkProcessors(const profile::Text &text);
  void checkRoutes(const profile::Text &text);
  void checkVersion(const profile::Text &text);

  Machine machine;
};

MemoryId Reader::readMemory(const profile::Scalar &scalar, llvm::SMLoc owner, const char *key) {
  if (!given(scalar, owner, key))
    return {};
  std::vector<llvm::StringRef> names;
  for (const Memory &memory : machine.memories) {
    if (memory.name == scalar.text)
      return MemoryId(static_cast<uint32_t>(&memory - machine.memories.data()));
    names.push_back(memory.name);
  }
  error(scalar.at, "there is no memory '" + scalar.text + "'");
  llvm::StringRef near = nearest(scalar.text, names);
  if (!near.empty())
    diags.note("did you mean '" + near + "'?");
  return {};
}

template <class T>
T Reader::readOneOf(const profile::Scalar &scalar, llvm::SMLoc owner, const char *key,
                    llvm::ArrayRef<T> values) {
  if (!given(scalar, owner, key))
    return values[0];
  for (T value : values)
    if (scalar.text == name(value))
      return value;
  error(scalar.at, llvm::Twine("'") + scalar.text + "' is no " + key);
  diags.note(llvm::Twine("expected ") +
             llvm::join(llvm::map_range(values, [](T value) { return name(value); }), ", "));
  return values[0];
}

void Reader::readIsa(const profile::Processor &from, Processor &to) {
  for (const profile::Scalar &scalar : from.isa) {
    if (llvm::is_contained(knownIsa(), scalar.text)) {
      to.isa.push_back(scalar.text);
      continue;
    }
    error(scalar.at, "unknown instruction set '" + scalar.text + "'");
    llvm::StringRef near = nearest(scalar.text, knownIsa());
    if (!near.empty())
      diags.note("did you mean '" + near + "'?");
    else
      diags.note("known are " + llvm::join(knownIsa(), ", "));
  }
  llvm::sort(to.isa);
  to.isa.erase(std::unique(to.isa.begin(), to.isa.end()), to.isa.end());
}

void Reader::readTorch(const profile::Processor &from, Processor &to) {
  if (!from.torch)
    return;
  llvm::StringRef value;
  to.torchSource = readSource(from.torch, value);
  to.torch = readBytes(from.torch, value);
  if (to.kind != ProcessorKind::Cpu)
    error(from.torch.at, "LibTorch computes on a processor of kind cpu alone");
}

static llvm::ArrayRef<DataType> typesOf(Kernel kernel) {
  switch (kernel) {
  case Kernel::Linear:
    return DataTypes;
  case Kernel::Attend:
    return CacheTypes;
  case Kernel::Elementwise:
    break;
  }
  return NumberTypes;
}

void Reader::readRates(const profile::Processor &from, Processor &to) {
  static const Kernel kernels[] = {Kernel::Linear, Kernel::Attend, Kernel::Elementwise};
  if (from.rates.empty())
    error(from.at, "a processor without rates cannot be planned for");

  auto same = [](const KernelRate &a, const KernelRate &b) {
    return a.kernel == b.kernel && a.type == b.type && a.provider == b.provider;
  };
  for (const profile::Rate &rate : from.rates) {
    KernelRate read;
    read.kernel = readOneOf<Kernel>(rate.kernel, rate.at, "kernel", kernels);
    read.type = readOneOf<DataType>(rate.type, rate.at, "type", typesOf(read.kernel));
    if (rate.provider) {
      read.provider = readOneOf<Provider>(rate.provider, rate.at, "provider", Providers);
      if (read.provider != Provider::Native && read.kernel != Kernel::Linear)
        error(rate.provider.at, "only products have a provider: the kernel linear");
    }
    if (rate.within)
      read.within = readBytes(rate.within, rate.within.text);
    read.latency = Nanos(readNumber(rate.latency, rate.at, "latency_ns", MaxLatency));
    read.read = readRate(rate.read, rate.at, "read");
    read.compute = readRate(rate.compute, rate.at, "compute");
    if (rate.ahead) {
      read.ahead = static_cast<uint32_t>(readNumber(rate.ahead, rate.at, "ahead", MaxAhead));
      if (read.kernel != Kernel::Linear || read.provider != Provider::Native)
        error(rate.ahead.at, "only our products ask ahead: the kernel linear without a provider");
    }
    for (size_t i = 0; good && i < to.rates.size(); i++)
      if (same(to.rates[i], read) && to.rates[i].within == read.within) {
        error(rate.at,
              "a second rate for " + name(read.kernel) + " " + name(read.type) + " of this size");
        diags.note(from.rates[i].at, "the first is here");
      }
    to.rates.push_back(read);
  }
  // A plan of any size must find a rate.
  for (size_t i = 0; good && i < to.rates.size(); i++) {
    auto unbounded = [&](const KernelRate &r) { return same(r, to.rates[i]) && !r.within.value; };
    if (llvm::none_of(to.rates, unbounded))
      error(from.rates[i].at, "no rate of " + name(to.rates[i].kernel) + " " +
                                  name(to.rates[i].type) + " holds for any size");
  }
}

/// Names are how plans, options and messages speak of things: each kind has its own.
template <class T> void Reader::checkNames(const std::vector<T> &things, const char *what) {
  for (size_t i = 0; i < things.size(); i++)
    for (size_t j = 0; j < i; j++)
      if (things[i].name && things[i].name.text == things[j].name.text) {
        error(things[i].name.at,
              llvm::Twine("a second ") + what + " '" + things[i].name.text + "'");
        diags.note(things[j].name.at, "the first is here");
        break;
      }
}

void Reader::checkLinks(const profile::Text &text) {
  for (size_t i = 0; i < machine.links.size(); i++) {
    const Link &link = machine.links[i];
    if (link.from == link.to)
      error(text.links[i].to.at, "this link goes from a memory to itself");
    for (size_t j = 0; j < i; j++)
      if (machine.links[j].from == link.from && machine.links[j].to == link.to) {
        error(text.links[i].at, "a second link from '" + text.links[i].from.text + "' to '" +
                                    text.links[i].to.text + "'");
        diags.note(text.links[j].at, "the first is here");
        break;
      }
  }
}

void Reader::readLimits(const profile::Text &text) {
  for (const profile::Limit &from : text.limits) {
    Limit &to = machine.limits.emplace_back();
    to.name = readName(from.name, from.at, "_-.");
    to.bytes = readRate(from.rate, from.at, "rate");
    if (from.links.empty())
      error(from.at, "a limit without links limits nothing");
    for (const profile::Scalar &scalar : from.links) {
      auto link =
          llvm::find_if(machine.links, [&](const Link &l) { return l.name == scalar.text; });
      if (link != machine.links.end()) {
        to.links.push_back(static_cast<uint32_t>(link - machine.links.begin()));
        continue;
      }
      std::vector<llvm::StringRef> names;
      for (const Link &known : machine.links)
        names.push_back(known.name);
      error(scalar.at, "there is no link '" + scalar.text + "'");
      if (llvm::StringRef near = nearest(scalar.text, names); !near.empty())
        diags.note("did you mean '" + near + "'?");
    }
    llvm::sort(to.links);
    to.links.erase(std::unique(to.links.begin(), to.links.end()), to.links.end());
  }
}

/// Tokens come from the memory of the cpu, which there is one of; every other processor has a
/// memory of its own.
void Reader::checkProcessors(const profile::Text &text) {
  const profile::Processor *cpu = nullptr;
  for (auto [from, to] : llvm::zip_equal(text.processors, machine.processors)) {
    if (to.kind == ProcessorKind::Cpu) {
      if (cpu) {
        error(from.at, "a second processor of kind cpu");
        diags.note(cpu->at, "the first is here; its threads are one processor");
      }
      cpu = &from;
    }
    for (const Processor &before : machine.processors) {
      if (&before == &to)
        break;
      if (before.memory == to.memory)
        error(from.memory.at, "the memory '" + from.memory.text + "' has a processor already, '" +
                                  before.name + "'");
    }
  }
  if (!cpu)
    error(text.at, "a machine needs a processor of kind cpu: tokens come from its memory");
  // Options take either name of a device.
  for (auto [from, to] : llvm::zip_equal(text.processors, machine.processors)) {
    if (to.name == DiskHome)
      error(from.name.at, "a processor cannot be named '" + to.name + "'");
    for (const Processor &other : machine.processors)
      if (&other != &to && to.name == machine.memory(other.memory).name)
        error(from.name.at,
              "the processor '" + to.name + "' is named like the memory of '" + other.name + "'");
  }
  for (auto [from, to] : llvm::zip_equal(text.memories, machine.memories)) {
    if (to.name == DiskHome)
      error(from.name.at, "a memory cannot be named '" + to.name + "'");
    auto id = MemoryId(static_cast<uint32_t>(&to - machine.memories.data()));
    if (llvm::none_of(machine.processors, [&](const Processor &p) { return p.memory == id; }))
      error(from.at, "no processor computes from the memory '" + to.name + "'");
  }
}

/// Between any two memories there is a link, or a way over the host.
void Reader::checkRoutes(const profile::Text &text) {
  for (const Processor &processor : machine.processors) {
    if (processor.kind == ProcessorKind::Cpu)
      continue;
    const std::string &host = machine.memory(machine.host()).name;
    const std::string &own = machine.memory(processor.memory).name;
    for (auto [from, to] :
         {std::pair(machine.host(), processor.memory), std::pair(processor.memory, machine.host())})
      if (!machine.link(from, to)) {
        bool in = to == processor.memory;
        error(text.processors[&processor - machine.processors.data()].at,
              "there is no link from '" + (in ? host : own) + "' to '" + (in ? own : host) + "'");
      }
  }
}

void Reader::checkVersion(const profile::Text &text) {
  if (!text.version) {
    error(text.at, "this does not say that it is a machine profile");
    diags.note("the first line of one is 'ashlar-machine: " + profile::Version + "'");
  } else if (text.version.text != profile::Version) {
    error(text.version.at, "profiles of version '" + text.version.text + "' are not read here");
    diags.note("this tool reads version " + profile::Version +
               "; `ashlar probe` writes a profile anew");
  }
}

std::optional<Machine> Reader::read(const profile::Text &text) {
  checkVersion(text);
  // What another version means by its keys is not ours to judge.
  if (!good)
    return std::nullopt;
  machine.name = readName(text.name, text.at, "_-.");

  for (const profile::Memory &from : text.memories) {
    Memory &to = machine.memories.emplace_back();
    to.name = readName(from.name, from.at, "_");
    if (!given(from.capacity, from.at, "capacity"))
      continue;
    llvm::StringRef value;
    to.source = readSource(from.capacity, value);
    to.capacity = readBytes(from.capacity, value);
  }
  for (const profile::Processor &from : text.processors) {
    static const ProcessorKind kinds[] = {ProcessorKind::Cpu, ProcessorKind::Cuda,
                                          ProcessorKind::Emulated};
    Processor &to = machine.processors.emplace_back();
    to.name = readName(from.name, from.at, "_");
    to.kind = readOneOf<ProcessorKind>(from.kind, from.at, "kind", kinds);
    to.memory = readMemory(from.memory, from.at, "memory");
    to.threads = static_cast<uint32_t>(readNumber(from.threads, from.at, "threads", MaxThreads));
    if (from.threads && to.threads == 0 && good)
      error(from.threads.at, "a processor needs at least 1 thread");
    readIsa(from, to);
    readTorch(from, to);
    readRates(from, to);
  }
  for (const profile::Link &from : text.links) {
    Link &to = machine.links.emplace_back();
    to.name = readName(from.name, from.at, "_-.");
    to.from = readMemory(from.from, from.at, "from");
    to.to = readMemory(from.to, from.at, "to");
    to.latency = Nanos(readNumber(from.latency, from.at, "latency_ns", MaxLatency));
    to.bytes = readRate(from.rate, from.at, "rate");
  }
  for (const profile::Disk &from : text.disks) {
    Disk &to = machine.disks.emplace_back();
    to.name = readName(from.name, from.at, "_-.");
    if (given(from.path, from.at, "path") && from.path.text.empty())
      error(from.path.at, "a disk needs the path of a directory on it");
    to.path = from.path.text;
    to.latency = Nanos(readNumber(from.latency, from.at, "latency_ns", MaxLatency));
    to.bytes = readRate(from.rate, from.at, "rate");
  }

  readLimits(text);

  checkNames(text.memories, "memory");
  checkNames(text.processors, "processor");
  checkNames(text.links, "link");
  checkNames(text.limits, "limit");
  checkNames(text.disks, "disk");
  if (good)
    checkLinks(text);
  if (good)
    checkProcessors(text);
  if (good)
    checkRoutes(text);
  if (!good)
    return std::nullopt;
  return std::move(machine);
}

/// The text of a file, or of a profile that the tool carries.
std::optional<llvm::StringRef> findProfile(const std::string &path, std::string &file,
                                           Diagnostics &diags) {
  file = path;
  llvm::StringRef bare = path;
  if (bare.contains('/') || !isAbsent(path))
    return readText(path, Bytes(1 << 20), diags);
  file = "specs/machines/" + path + ".yaml";
  if (const EmbeddedFile *carried = findEmbedded(file))
    return diags.add(carried->path, carried->bytes);

  diags.error(Exit::InputOutput, path, "there is no such file, and no such profile in this tool");
  std::vector<llvm::StringRef> names;
  for (const EmbeddedFile &each : embeddedFiles()) {
    llvm::StringRef name = each.path;
    if (name.consume_front("specs/machines/") && name.consume_back(".yaml"))
      names.push_back(name);
  }
  diags.note("the tool carries " + llvm::join(names, ", "));
  return std::nullopt;
}

} // namespace

std::optional<Machine> readMachine(const std::string &path, Diagnostics &diags) {
  std::string file;
  std::optional<llvm::StringRef> bytes = findProfile(path, file, diags);
  if (!bytes)
    return std::nullopt;
  std::optional<profile::Text> text = profile::parse(*bytes, file, diags);
  if (!text)
    return std::nullopt;
  return Reader(diags).read(*text);
}

} // namespace ashlar
