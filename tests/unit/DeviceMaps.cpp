// What device maps are made of and no text shows: numbers as Python has them, rules for budgets
// that a machine measured, names that are looked up.

#include "compiler/devicemap/Budgets.h"

#include "tests/unit/Check.h"

using namespace ashlar;
using namespace ashlar::devicemap;

static const Int Large = Int(1) << 100;

TEST(numbers) {
  CHECK(Number(3) == Number::real(3));
  CHECK(Number(3) < Number::real(3.5));
  CHECK(Number(-3) > Number::real(-3.5));
  // Exact where a conversion would round: 2^53 + 1 is no double.
  CHECK(Number((Int(1) << 53) + 1) > Number::real(9007199254740992.0));
  CHECK(Number(Large) < Number::real(1e31));
  CHECK(Number(Large) > Number::real(1e30));
  CHECK(Number(Large) < Number::real(1e300));
  CHECK(Number(-Large) > Number::real(-1e300));
  CHECK_EQ(text(Number(1) + Number(2)), "3");
  CHECK((Number(1) + Number::real(2)).isFloat());
  CHECK_EQ(text(Number::real(0.1) + Number::real(0.2)), "0.30000000000000004");
  CHECK_EQ(text(Number(2) - Number::real(2.5)), "-0.5");
  CHECK_EQ(text(Number(Large)), "1267650600228229401496703205376");
  CHECK_EQ(text(Number(-12)), "-12");
  CHECK_EQ(text(Number::real(8)), "8");
  CHECK_EQ(text(Number::real(1e300)), "1e+300");
}

TEST(theFirstOfEqualNumbersStays) {
  CHECK(!devicemap::max(Number(1), Number::real(1)).isFloat());
  CHECK(devicemap::max(Number::real(1), Number(1)).isFloat());
  CHECK(!devicemap::min(Number(1), Number::real(1)).isFloat());
  CHECK(devicemap::min(Number::real(1), Number(1)).isFloat());
}

TEST(division) {
  CHECK_EQ(text(floorDivided(Number(7), 2)), "3");
  CHECK_EQ(text(floorDivided(Number::real(7.5), 2)), "3");
  CHECK(floorDivided(Number::real(8), 2).isFloat());
  CHECK_EQ(truncatedQuotient(Number(7), 2), 3);
  CHECK_EQ(truncatedQuotient(Number(0), 1), 0);
  CHECK_EQ(truncatedQuotient(Number::real(7.9), 1), 7);
  // Rounded to a double first: the quotient 2^54 + 2/3 is 2^54, and (2^55 - 1) / 2 is 2^54.
  CHECK(Number(truncatedQuotient(Number((Int(3) << 54) + 2), 3)) == Number(Int(1) << 54));
  CHECK(Number(truncatedQuotient(Number((Int(1) << 55) - 1), 2)) == Number(Int(1) << 54));
}

static Number bytes(const Budgets &budgets, const Device &device) {
  const Number *found = budgets.find(device);
  CHECK(found != nullptr);
  return found ? *found : Number();
}

// One accelerator keeps a tenth free and Transformers a tenth of the CPU, but of no user's numbers.
TEST(measuredBudgets) {
  Diagnostics diags;
  ModuleTree tree("Root");
  tree.addTensor(Root, NodeKind::Parameter, "w", {10}, *parseTorchType("float32"));
  TreeIndex treeIndex(tree);
  Device first = Device::accelerator(0), cpu = Device::named("cpu");
  for (Rules rules : {Rules::Accelerate, Rules::Transformers})
    for (bool measured : {false, true})
      for (Strategy strategy : {Strategy::Balanced, Strategy::Sequential}) {
        Options options;
        options.rules = rules;
        Budgets given{{{first, Number(1005)}, {cpu, Number(2000)}}, measured};
        std::optional<Budgets> budgets =
            cut(given, strategy, tree, treeIndex, computeSizes(tree, treeIndex, options), options,
                diags);
        CHECK(budgets.has_value());
        bool kept = measured && strategy == Strategy::Balanced;
        CHECK_EQ(text(bytes(*budgets, first)), kept ? "904.5" : "1005");
        CHECK_EQ(text(bytes(*budgets, cpu)),
                 measured && rules == Rules::Transformers ? "1800" : "2000");
      }
}

TEST(devicesOfNames) {
  DeviceMap map;
  map.set("model.layers.1", Device::accelerator(1));
  map.set("model.layers.10", Device::named("disk"));
  map.set("model", Device::accelerator(0));
  auto deviceText = [&](const char *name) {
    const Device *device = deviceOf(map, name);
    return device ? text(*device) : "none";
  };
  CHECK_EQ(deviceText("model.layers.1.weight"), "1");
  CHECK_EQ(deviceText("model.layers.10.weight"), "disk");
  CHECK_EQ(deviceText("model.layers.11.weight"), "0");
  CHECK_EQ(deviceText("model"), "0");
  CHECK_EQ(deviceText("lm_head.weight"), "none");
  map.set("", Device::named("cpu"));
  CHECK_EQ(deviceText("lm_head.weight"), "cpu");

  CHECK_EQ(acceleratorNumber(Device::named("cuda:3")).value_or(9), 3u);
  CHECK_EQ(acceleratorNumber(Device::named("cuda")).value_or(9), 0u);
  CHECK_EQ(acceleratorNumber(Device::accelerator(2)).value_or(9), 2u);
  CHECK(!acceleratorNumber(Device::named("cpu")));
  CHECK(!parseDevice("cuda:01") && !parseDevice("cuda:") && !parseDevice("gpu") &&
        !parseDevice(""));
}

static std::string keys(const DeviceMap &map) {
  std::string result;
  for (const MapEntry &entry : map.entries())
    result += entry.key + "=" + text(entry.device) + " ";
  return result;
}

TEST(cleaning) {
  DeviceMap map;
  for (const char *key : {"h.1", "h.10", "h.2.a", "h.2.b", "i.x"})
    map.set(key, Device::accelerator(key == std::string("h.10") ? 1 : 0));
  CHECK_EQ(keys(cleaned(map)), "h.1=0 h.10=1 h.2=0 i.x=0 "); // a single key stays
  map.set("h.2", Device::accelerator(5));                    // gives way to what is under it
  CHECK_EQ(keys(cleaned(map)), "h.1=0 h.10=1 h.2=0 i.x=0 ");
  map.set("", Device::accelerator(0));
  CHECK_EQ(keys(cleaned(map)), "h.1=0 h.10=1 h.2=0 i.x=0 =0 ");

  DeviceMap whole;
  whole.set("a.b", Device::named("cpu"));
  whole.set("", Device::named("cpu"));
  CHECK_EQ(keys(cleaned(whole)), "=cpu ");
}
