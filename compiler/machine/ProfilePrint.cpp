#include "compiler/machine/Machine.h"
#include "compiler/machine/ProfileText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/YAMLParser.h"

#include <charconv>

namespace ashlar {
namespace {

/// The shortest digits that read back as the same number, with an exponent that people count in:
/// 37.1e9, 850e6.
std::string engineering(double value) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  auto [mantissa, exponentText] = llvm::StringRef(buffer, end.ptr - buffer).split('e');
  int exponent = 0;
  std::from_chars(exponentText.begin() + (exponentText[0] == '+'), exponentText.end(), exponent);

  std::string digits = mantissa.str();
  llvm::erase(digits, '.');
  int shown = ((exponent % 3) + 3) % 3;
  exponent -= shown;
  while (digits.size() < size_t(shown) + 1)
    digits += '0';
  if (digits.size() > size_t(shown) + 1)
    digits.insert(shown + 1, ".");
  return exponent ? digits + "e" + std::to_string(exponent) : digits;
}

std::string text(const Rate &rate) {
  return engineering(rate.perSecond) + " " + name(rate.source).str();
}

/// A string that YAML reads back as it is, also between braces.
std::string quoted(llvm::StringRef text) {
  bool plain = !text.empty() && llvm::all_of(text, [](char c) {
    return llvm::isAlnum(c) || llvm::StringRef("/._").contains(c);
  });
  return plain ? text.str() : "\"" + llvm::yaml::escape(text) + "\"";
}

void print(const Processor &processor, const Machine &machine, llvm::raw_ostream &out) {
  out << "  - name: " << processor.name << "\n    kind: " << name(processor.kind)
      << "\n    memory: " << machine.memory(processor.memory).name
      << "\n    threads: " << processor.threads << '\n';
  if (!processor.isa.empty())
    out << "    isa: [" << llvm::join(processor.isa, ", ") << "]\n";
  if (processor.torch.value)
    out << "    torch: " << processor.torch.value << ' ' << name(processor.torchSource) << '\n';
  out << "    rates:\n";
  for (const KernelRate &rate : processor.rates) {
    out << "      - {kernel: " << name(rate.kernel) << ", type: " << name(rate.type);
    if (rate.provider != Provider::Native)
      out << ", provider: " << name(rate.provider);
    if (rate.within.value)
      out << ", within: " << rate.within.value;
    out << ", latency_ns: " << rate.latency.value << ", read: " << text(rate.read)
        << ", compute: " << text(rate.compute);
    if (rate.ahead)
      out << ", ahead: " << rate.ahead;
    out << "}\n";
  }
}

} // namespace

void print(const Machine &machine, llvm::raw_ostream &out) {
  out << "ashlar-machine: " << profile::Version << "\nname: " << machine.name << "\nmemories:\n";
  for (const Memory &memory : machine.memories)
    out << "  - {name: " << memory.name << ", capacity: " << memory.capacity.value << ' '
        << name(memory.source) << "}\n";
  out << "processors:\n";
  for (const Processor &processor : machine.processors)
    print(processor, machine, out);
  if (!machine.links.empty())
    out << "links:\n";
  for (const Link &link : machine.links)
    out << "  - {name: " << link.name << ", from: " << machine.memory(link.from).name
        << ", to: " << machine.memory(link.to).name << ", latency_ns: " << link.latency.value
        << ", rate: " << text(link.bytes) << "}\n";
  if (!machine.limits.empty())
    out << "limits:\n";
  for (const Limit &limit : machine.limits)
    out << "  - {name: " << limit.name << ", links: ["
        << llvm::join(llvm::map_range(limit.links,
                                      [&](uint32_t link) { return machine.links[link].name; }),
                      ", ")
        << "], rate: " << text(limit.bytes) << "}\n";
  if (!machine.disks.empty())
    out << "disks:\n";
  for (const Disk &disk : machine.disks)
    out << "  - {name: " << disk.name << ", path: " << quoted(disk.path)
        << ", latency_ns: " << disk.latency.value << ", rate: " << text(disk.bytes) << "}\n";
}

} // namespace ashlar
