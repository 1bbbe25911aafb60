#include "compiler/devicemap/DeviceMap.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include <algorithm>

namespace ashlar::devicemap {

std::optional<Device> parseDevice(llvm::StringRef text) {
  uint32_t number;
  auto isNumber = [&](llvm::StringRef digits) {
    // "00" and "+1" are no numbers of devices.
    return !digits.empty() && llvm::all_of(digits, llvm::isDigit) &&
           (digits == "0" || digits.front() != '0') && !digits.getAsInteger(10, number);
  };
  if (isNumber(text))
    return Device::accelerator(number);
  if (text == "cpu" || text == "disk" || text == "mps")
    return Device::named(text);
  auto [type, digits] = text.split(':');
  for (llvm::StringRef known : {"cuda", "xpu", "npu", "mlu", "sdaa", "musa", "hpu"})
    if (type == known && (text == known || isNumber(digits)))
      return Device::named(text);
  return std::nullopt;
}

std::optional<uint32_t> acceleratorNumber(const Device &device) {
  if (device.number || device.is("cpu") || device.is("disk") || device.is("mps"))
    return device.number;
  uint32_t number = 0;
  llvm::StringRef(device.name).split(':').second.getAsInteger(10, number);
  return number;
}

std::string text(const Device &device) {
  return device.number ? std::to_string(*device.number) : device.name;
}

void DeviceMap::set(llvm::StringRef key, Device device) {
  auto [place, isNew] = places.try_emplace(key, static_cast<uint32_t>(list.size()));
  if (isNew)
    list.push_back({key.str(), std::move(device)});
  else
    list[place->second].device = std::move(device);
}

const Device *DeviceMap::find(llvm::StringRef key) const {
  auto found = places.find(key);
  return found == places.end() ? nullptr : &list[found->second].device;
}

const Device *deviceOf(const DeviceMap &map, llvm::StringRef name) {
  while (true) {
    const Device *device = map.find(name);
    if (device || name.empty())
      return device;
    name = name.contains('.') ? name.rsplit('.').first : llvm::StringRef();
  }
}

namespace {

/// An entry with its key's names and its place.
struct Placed {
  llvm::SmallVector<llvm::StringRef, 8> names; // none for ""
  uint32_t place;
};

class Cleaning {
public:
  explicit Cleaning(const DeviceMap &map) : map(map) {
    for (const MapEntry &entry : map.entries()) {
      Placed placed{{}, static_cast<uint32_t>(keys.size())};
      if (!entry.key.empty())
        llvm::StringRef(entry.key).split(placed.names, '.');
      keys.push_back(std::move(placed));
    }
    std::sort(keys.begin(), keys.end(), [](const Placed &a, const Placed &b) {
      return std::lexicographical_compare(a.names.begin(), a.names.end(), b.names.begin(),
                                          b.names.end());
    });
  }

  DeviceMap run() {
    clean(0, keys.size(), 0);
    std::sort(result.begin(), result.end());
    DeviceMap cleaned;
    for (auto &[place, key] : result)
      cleaned.set(key, map.entries()[place].device);
    return cleaned;
  }

private:
  const Device &device(size_t i) const { return map.entries()[keys[i].place].device; }
  void keep(size_t i) { result.emplace_back(keys[i].place, map.entries()[keys[i].place].key); }

  // The keys in [from, to) share their first `depth` names: those of the module that is cleaned.
  void clean(size_t from, size_t to, size_t depth) {
    if (to - from == 1)
      return keep(from);
    // The module's own key is not under it, and gives way to what is; but "" is under itself.
    size_t own = from < to && keys[from].names.size() == depth && depth ? 1 : 0;
    size_t first = from + own;
    bool one = true;
    uint32_t place = UINT32_MAX;
    for (size_t i = first; i != to; ++i) {
      one = one && device(i) == device(first);
      place = std::min(place, keys[i].place);
    }
    if (one && to - first > 1) {
      result.emplace_back(place,
                          llvm::join(llvm::ArrayRef(keys[first].names).take_front(depth), "."));
      return;
    }
    if (own)
      keep(from);
    for (size_t i = first; i != to;) {
      if (keys[i].names.size() <= depth) { // "" among others
        keep(i++);
        continue;
      }
      size_t end = i + 1;
      while (end != to && keys[end].names[depth] == keys[i].names[depth])
        ++end;
      clean(i, end, depth + 1);
      i = end;
    }
  }

  const DeviceMap &map;
  std::vector<Placed> keys;
  std::vector<std::pair<uint32_t, std::string>> result;
};

} // namespace

DeviceMap cleaned(const DeviceMap &map) { return Cleaning(map).run(); }

void print(const DeviceMap &map, llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 2);
  json.object([&] {
    for (const auto &[key, device] : map.entries())
      if (device.number)
        json.attribute(key, static_cast<int64_t>(*device.number));
      else
        json.attribute(key, device.name);
  });
  out << '\n';
}

} // namespace ashlar::devicemap
