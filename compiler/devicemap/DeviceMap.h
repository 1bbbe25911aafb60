/// What `hf_device_map` holds: modules and tensors by name, each with a device.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ashlar::devicemap {

/// As it is written: a number, or a name such as "cpu", "disk", "mps" or "cuda:1". 1 and "cuda:1"
/// are different values to the rules here, though they mean one device.
struct Device {
  std::optional<uint32_t> number;
  std::string name; // where there is no number

  static Device accelerator(uint32_t number) { return {number, ""}; }
  static Device named(llvm::StringRef name) { return {std::nullopt, name.str()}; }
  bool is(llvm::StringRef text) const { return !number && name == text; }
  friend bool operator==(const Device &, const Device &) = default;
};

/// A name that PyTorch knows, or "disk". Plain digits are a number, as on the command line.
std::optional<Device> parseDevice(llvm::StringRef text);
/// 1 for both 1 and "cuda:1", 0 for "cuda"; nothing for "cpu", "disk" and "mps".
std::optional<uint32_t> acceleratorNumber(const Device &device);
std::string text(const Device &device);

struct MapEntry {
  std::string key; // "model.layers.3"; empty for the whole model
  Device device;
};

class DeviceMap {
public:
  /// In the order in which they were set first.
  llvm::ArrayRef<MapEntry> entries() const { return list; }
  void set(llvm::StringRef key, Device device);
  const Device *find(llvm::StringRef key) const;

private:
  std::vector<MapEntry> list;
  llvm::StringMap<uint32_t> places;
};

/// The device of a tensor or module: by the longest dotted prefix that the map has, or null.
const Device *deviceOf(const DeviceMap &map, llvm::StringRef name);

/// The key of most characters that `deviceOf` may meet.
constexpr size_t MaxKey = 1024;

/// `clean_device_map`: what lies on one device as a whole becomes one entry, at the place of its
/// first. A key that stands alone stays.
DeviceMap cleaned(const DeviceMap &map);

/// As JSON, an entry a line.
void print(const DeviceMap &map, llvm::raw_ostream &out);

} // namespace ashlar::devicemap
