#include "compiler/plan/VerifyRules.h"
#include "compiler/support/CacheType.h"

using llvm::Twine;

namespace ashlar::plan {

static void checkRegions(const Memory &memory, Violations &found) {
  std::vector<NamedSpan> spans;
  unsigned __int128 end = 0;
  for (const Region &region : memory.regions) {
    Span span(region.offset, region.size.value);
    if (span.end > memory.peak.value)
      violate(found, "region " + region.name + " (" + text(span) +
                         ") lies beyond the peak of memory " + memory.name + ", " +
                         Twine(memory.peak.value));
    if (region.offset % Alignment)
      violate(found, "region " + region.name + " begins at " + Twine(region.offset) +
                         ", no multiple of " + Twine(Alignment));
    end = std::max(end, span.end);
    spans.push_back({"region " + region.name, span});
  }
  if (end < memory.peak.value)
    violate(found, "peak of memory " + memory.name + " is " + Twine(memory.peak.value) +
                       ", but its last region ends at " + Twine(static_cast<uint64_t>(end)));
  checkApart(std::move(spans), found);
}

void checkMemories(const Plan &plan, Violations &found) {
  bool torch =
      llvm::any_of(plan.units, [](const Unit &unit) { return unit.provider == Provider::Torch; });
  for (auto [at, memory] : llvm::enumerate(plan.memories)) {
    if (memory.outside.value && !(torch && plan.host() == at))
      violate(found, "memory " + memory.name +
                         " has bytes outside of its regions, which only LibTorch takes, of the "
                         "memory of the cpu");
    if (!checkedAdd(memory.peak.value, memory.outside.value))
      violate(found, "peak of memory " + memory.name + " and what is outside of its regions are " +
                         "more bytes than 64 bits hold");
    else if (Bytes taken = takenOf(memory); taken > memory.capacity)
      violate(found, "peak of memory " + memory.name + ", " + Twine(memory.peak.value) + " bytes" +
                         (memory.outside.value
                              ? " and " + std::to_string(memory.outside.value) + " outside"
                              : std::string()) +
                         ", is beyond its capacity of " + Twine(memory.capacity.value) + " by " +
                         Twine((taken - memory.capacity).value));
    checkRegions(memory, found);
  }
}

/// The product of some numbers; nothing where 64 bits do not hold it.
static std::optional<uint64_t> product(std::initializer_list<uint64_t> factors) {
  std::optional<uint64_t> result = 1;
  for (uint64_t factor : factors)
    result = result ? checkedMul(*result, factor) : result;
  return result;
}

static std::optional<uint64_t> roundUp(uint64_t value, uint64_t multiple) {
  std::optional<uint64_t> sum = checkedAdd(value, multiple - 1);
  return sum ? std::optional(*sum / multiple * multiple) : std::nullopt;
}

/// What the layout needs, by the words of runtime/Step.h.
static std::optional<uint64_t> bytesNeeded(const Weight &weight) {
  if (weight.layout != Layout::Panels)
    return product({weight.rows, weight.columns, bytesOf(weight.type)});
  auto rows = roundUp(weight.rows, 32);
  if (isQuantized(weight.type)) { // 1088 bytes for some columns; int4 has scales of rows, too
    uint64_t together = weight.type == DataType::Int8 ? 32 : 64;
    auto columns = roundUp(weight.columns, together);
    auto panel = columns ? product({*columns / together, 1088}) : std::nullopt;
    if (panel && weight.type == DataType::Int4)
      panel = checkedAdd(*panel, 32 * 4);
    return rows && panel ? product({*rows / 32, *panel}) : std::nullopt;
  }
  auto columns = roundUp(weight.columns, weight.type == DataType::BF16 ? 2 : 1);
  return rows && columns ? product({*rows, *columns, bytesOf(weight.type)}) : std::nullopt;
}

/// Reports a size that is not the one that a shape needs.
static void checkSize(const Twine &what, Bytes size, std::optional<uint64_t> needed,
                      const Twine &shape, Violations &found) {
  if (needed && size.value == *needed && *needed)
    return;
  violate(found, what + " has " + Twine(size.value) + " bytes, but " + shape + " " +
                     (!needed        ? Twine("needs more than 64 bits can count")
                      : *needed == 0 ? Twine("is empty")
                                     : "needs " + Twine(*needed)));
}

namespace {
/// Something that has bytes of its own in a region.
struct Item {
  /// Only one block runs at a time, so their frames may share bytes with each other; weights may
  /// come and go.
  enum Kind : uint8_t { Weight, BlockFrame, Other };
  std::string name;
  Place place;
  Bytes size;
  Kind kind = Other;
  bool isBlockFrame() const { return kind == BlockFrame; }
};
} // namespace

static std::vector<Item> itemsOf(const Plan &plan) {
  std::vector<Item> items;
  for (const Frame &frame : plan.frames)
    items.push_back({"frame " + frame.name, frame.place, frame.size,
                     frame.streams ? Item::Other : Item::BlockFrame});
  for (const Unit &unit : plan.units) {
    for (const Weight &weight : unit.weights)
      items.push_back({"weight " + weight.name, weight.place, weight.size, Item::Weight});
    if (const auto &cache = unit.cache) {
      items.push_back({"key cache of unit " + unit.name, cache->keys, cache->size});
      items.push_back({"value cache of unit " + unit.name, cache->values, cache->size});
    }
  }
  return items;
}

static void checkPlaces(const Plan &plan, llvm::ArrayRef<Item> items, Violations &found) {
  for (const Item &item : items) {
    const Region &region = plan.region(item.place);
    Span span(item.place.offset, item.size.value);
    if (span.end > region.size.value)
      violate(found, item.name + " (" + text(span) + ") lies beyond region " + region.name +
                         " of " + Twine(region.size.value) + " bytes");
    if (region.slot && item.kind != Item::Weight)
      violate(found,
              item.name + " lies in region " + region.name + ", a slot that weights overwrite");
    if (item.place.offset % Alignment)
      violate(found, item.name + " begins at " + Twine(item.place.offset) + " of region " +
                         region.name + ", no multiple of " + Twine(Alignment));
  }
}

static void checkOverlaps(const Plan &plan, llvm::ArrayRef<Item> items, Violations &found) {
  auto span = [&](const Item &item) { return spanOf(plan, item.place, item.size); };
  std::vector<const Item *> order;
  for (const Item &item : items)
    if (item.size.value && !plan.region(item.place).slot) // in slots, steps take turns
      order.push_back(&item);
  llvm::stable_sort(order, [&](const Item *a, const Item *b) {
    return std::tuple(a->place.memory, span(*a).begin) <
           std::tuple(b->place.memory, span(*b).begin);
  });
  // Of the items before, those that reach furthest: a frame of blocks, and any other.
  const Item *furthest[2] = {};
  for (const Item *item : order) {
    for (const Item *before : furthest) {
      if (!before || before->place.memory != item->place.memory ||
          !span(*before).meets(span(*item)) || (before->isBlockFrame() && item->isBlockFrame()))
        continue;
      violate(found, item->name + " (" + text(span(*item)) + " of memory " +
                         plan.memories[item->place.memory].name + ") overlaps " + before->name +
                         " (" + text(span(*before)) + ")");
    }
    const Item *&last = furthest[item->isBlockFrame()];
    if (!last || last->place.memory != item->place.memory || span(*last).end < span(*item).end)
      last = item;
  }
}

void checkStorage(const Plan &plan, Violations &found) {
  for (const Unit &unit : plan.units) {
    for (const Weight &weight : unit.weights) {
      if (weight.layout == Layout::Vector && weight.rows != 1)
        violate(found, "weight " + weight.name + " is a vector of " + Twine(weight.rows) + " rows");
      if (isQuantized(weight.type) && weight.layout != Layout::Panels) {
        violate(found, "weight " + weight.name + " is " + ashlar::name(weight.type) + " in " +
                           name(weight.layout) + ", and only panels hold that");
        continue;
      }
      checkSize("weight " + weight.name, weight.size, bytesNeeded(weight),
                name(weight.layout) + " of " + ashlar::name(weight.type) + " [" +
                    Twine(weight.rows) + ", " + Twine(weight.columns) + "]",
                found);
    }
    if (const auto &cache = unit.cache) {
      auto row = cacheRowBytes(cache->type, cache->dim);
      checkSize("cache of unit " + unit.name, cache->size,
                row ? product({plan.batch, cache->heads, cache->context, *row}) : std::nullopt,
                ashlar::name(cache->type) + " [" +
                    (plan.batch == 1 ? "" : llvm::utostr(plan.batch) + ", ") + Twine(cache->heads) +
                    ", " + Twine(cache->context) + ", " + Twine(cache->dim) + "]",
                found);
      if (cache->context < plan.context)
        violate(found, "cache of unit " + unit.name + " holds " + Twine(cache->context) +
                           " tokens, but the context is " + Twine(plan.context));
    }
  }
  std::vector<Item> items = itemsOf(plan);
  checkPlaces(plan, items, found);
  checkOverlaps(plan, items, found);
}

} // namespace ashlar::plan
