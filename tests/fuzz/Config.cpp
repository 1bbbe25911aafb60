// config.json and, behind a zero byte, generation_config.json: what is read makes, with the spec of
// its model type, a model, or it is said why not.
#include "tests/fuzz/Fuzz.h"

#include "compiler/checkpoint/Config.h"
#include "compiler/spec/Model.h"
#include "compiler/spec/Spec.h"

using namespace ashlar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz::Directory directory;
  static fuzz::File config, generation;
  if (static bool once = false; !once) {
    once = true;
    directory.add("config.json", config);
    directory.add("generation_config.json", generation);
  }
  auto [first, second] = fuzz::input(data, size).split('\0');
  config.hold(first);
  generation.hold(second.empty() ? "{}" : second);
  fuzz::Quiet quiet;
  auto values = readConfig(directory.path, {}, quiet.diags);
  if (!quiet.took(values))
    return 0;
  auto text = findSpec(values->modelType(), quiet.diags);
  if (!quiet.took(text))
    return 0;
  auto file = parseSpec(*text, quiet.diags);
  fuzz::require(quiet.took(file), "a carried spec is refused");
  auto model = check(*file, *values, quiet.diags);
  if (quiet.took(model))
    fuzz::printed(*model);
  return 0;
}
