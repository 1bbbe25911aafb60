#include "compiler/schedule/Arena.h"

#include "llvm/Support/JSON.h"

namespace ashlar {

void print(const Arena &arena, llvm::raw_ostream &out) {
  for (const plan::Memory &memory : arena.memories) {
    out << "memory " << memory.name << " capacity=" << memory.capacity.value
        << " peak=" << memory.peak.value;
    if (memory.outside.value)
      out << " outside=" << memory.outside.value;
    out << " slack=" << (memory.capacity - takenOf(memory)).value << '\n';
    for (const plan::Region &region : memory.regions)
      out << "  region " << region.name << " offset=" << region.offset
          << " size=" << region.size.value << (region.slot ? " slot\n" : "\n");
  }
}

void printJson(const Arena &arena, llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 1);
  auto printMemory = [&](const plan::Memory &memory) {
    json.attribute("name", memory.name);
    json.attribute("capacity", memory.capacity.value);
    json.attribute("peak", memory.peak.value);
    if (memory.outside.value)
      json.attribute("outside", memory.outside.value);
    json.attribute("slack", (memory.capacity - takenOf(memory)).value);
    json.attributeArray("regions", [&] {
      for (const plan::Region &region : memory.regions)
        json.object([&] {
          json.attribute("name", region.name);
          json.attribute("offset", region.offset);
          json.attribute("size", region.size.value);
          json.attribute("slot", region.slot);
        });
    });
  };
  json.object([&] {
    json.attributeArray("memories", [&] {
      for (const plan::Memory &memory : arena.memories)
        json.object([&] { printMemory(memory); });
    });
  });
  out << '\n';
}

} // namespace ashlar
