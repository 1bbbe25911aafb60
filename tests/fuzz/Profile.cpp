// Machine profiles: what is read prints as text that reads back as the same machine.
#include "tests/fuzz/Fuzz.h"

#include "compiler/machine/Machine.h"

using namespace ashlar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz::File file;
  file.hold(fuzz::input(data, size));
  fuzz::Quiet quiet;
  auto machine = readMachine(file.path(), quiet.diags);
  if (!quiet.took(machine))
    return 0;
  std::string text = fuzz::printed(*machine);
  file.hold(text);
  fuzz::Quiet again;
  auto reread = readMachine(file.path(), again.diags);
  fuzz::require(again.took(reread), "a printed profile is refused", again.text + text);
  fuzz::require(fuzz::printed(*reread) == text, "a printed profile prints otherwise", text);
  return 0;
}
