#include "compiler/devicemap/MapFile.h"

#include "compiler/support/Files.h"

namespace ashlar::devicemap {

using llvm::json::Value;

static constexpr Bytes MaxMapFile{64 << 20};

/// A strategy, or one device for everything.
static std::optional<Choice> choiceNamed(llvm::StringRef text) {
  Choice choice;
  if (text == "auto" || text == "balanced")
    choice.strategy = Strategy::Balanced;
  else if (text == "balanced_low_0")
    choice.strategy = Strategy::BalancedLowZero;
  else if (text == "sequential")
    choice.strategy = Strategy::Sequential;
  if (choice.strategy)
    return choice;
  std::optional<Device> device = parseDevice(text);
  if (!device)
    return std::nullopt;
  // Without a number the first one is meant.
  if (!device->number && acceleratorNumber(*device) && !text.contains(':'))
    device = Device::named((text + ":0").str());
  choice.manual.set("", *device);
  return choice;
}

/// A device as the value of a map.
static std::optional<Device> readDevice(const Value &value) {
  if (std::optional<uint64_t> number = value.getAsUINT64(); number && *number <= UINT32_MAX)
    return Device::accelerator(static_cast<uint32_t>(*number));
  std::optional<llvm::StringRef> text = value.getAsString();
  std::optional<Device> device = text ? parseDevice(*text) : std::nullopt;
  return device && !device->number ? device : std::nullopt;
}

static constexpr llvm::StringLiteral devices =
    "a device is a number, or \"cpu\", \"disk\", \"mps\", or an accelerator as in \"cuda:1\"";

bool readChoice(const Value &value, JsonCursor &cursor, std::optional<Choice> &into) {
  if (value.getAsNull())
    return true;
  if (value.getAsObject()) {
    into.emplace();
    return cursor.members(value, [&](llvm::StringRef key, const Value &item) {
      std::optional<Device> device = readDevice(item);
      if (!device)
        return cursor.fail("expected a device", devices);
      if (key.size() > MaxKey)
        return cursor.fail("a key is longer than " + llvm::Twine(MaxKey) + " characters");
      into->manual.set(key, *device);
      return true;
    });
  }
  if (std::optional<llvm::StringRef> text = value.getAsString();
      text && !parseDevice(*text).value_or(Device()).number)
    into = choiceNamed(*text);
  else if (std::optional<Device> device = readDevice(value)) {
    into.emplace();
    into->manual.set("", *device);
  }
  return into ||
         cursor.fail("expected a strategy, a device or a map",
                     "strategies are auto, balanced, balanced_low_0 and sequential; " + devices);
}

std::optional<Choice> parseChoice(llvm::StringRef text, Diagnostics &diags) {
  if (std::optional<Choice> choice = choiceNamed(text))
    return choice;
  std::optional<llvm::StringRef> json;
  if (text.ltrim().starts_with("{")) {
    json = diags.add("--device-map", text);
  } else if (text.ends_with(".json")) {
    json = readText(text.str(), MaxMapFile, diags);
    if (!json)
      return std::nullopt;
  } else {
    diags.error(Exit::BadInput, "", "--device-map: '" + text + "' is no strategy, device or map");
    diags.note("write auto, balanced, balanced_low_0, sequential, cpu, disk, 0, cuda:1, a JSON "
               "object, or the name of a .json file with one");
    return std::nullopt;
  }
  std::optional<Value> value = parseJson(*json, diags);
  if (!value)
    return std::nullopt;
  JsonCursor cursor(*json, diags);
  std::optional<Choice> choice;
  if (!value->getAsObject()) {
    cursor.fail("expected an object of module names and devices");
    return std::nullopt;
  }
  return readChoice(*value, cursor, choice) ? choice : std::nullopt;
}

} // namespace ashlar::devicemap
