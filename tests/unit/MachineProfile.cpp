// Profiles survive being read and printed, and the kernels' form follows from the instruction sets.
#include "compiler/machine/Machine.h"
#include "compiler/support/Embedded.h"
#include "tests/unit/Check.h"

using namespace ashlar;

static std::string printed(const Machine &machine) {
  std::string text;
  llvm::raw_string_ostream out(text);
  print(machine, out);
  return text;
}

TEST(carriedProfilesPrintAsTheyAre) {
  for (const EmbeddedFile &file : embeddedFiles()) {
    llvm::StringRef name = file.path;
    if (!name.consume_front("specs/machines/") || !name.consume_back(".yaml"))
      continue;
    Diagnostics diags;
    std::optional<Machine> machine = readMachine(name.str(), diags);
    CHECK(machine.has_value());
    if (!machine)
      continue;
    llvm::StringRef text = file.bytes;
    while (text.starts_with("#")) // what it stands for
      text = text.split('\n').second;
    CHECK_EQ(printed(*machine), text.str());
  }
}

/// Every double is printed so that it is read back.
TEST(ratesKeepTheirValue) {
  Diagnostics diags;
  std::optional<Machine> machine = readMachine("cpu-small", diags);
  if (!machine)
    return CHECK(machine.has_value());
  std::vector<std::pair<double, const char *>> rates = {
      {1, "1"},        {37.1e9, "37.1e9"}, {1e10, "10e9"},
      {0.1, "100e-3"}, {999.5, "999.5"},   {123456.75, "123.45675e3"}};
  for (auto [rate, text] : rates) {
    machine->disks[0].bytes = {rate, Source::Derived};
    std::string expected = std::string("rate: ") + text + " derived}";
    CHECK(printed(*machine).find(expected) != std::string::npos);
  }
}

static std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(formFollowsFromInstructionSets) {
  Processor cpu;
  CHECK_EQ(joined(compilerFlags(cpu)), "");
  cpu.isa = {"avx2", "fma"};
  CHECK_EQ(joined(compilerFlags(cpu)), ""); // f16c is missing
  cpu.isa = {"avx", "avx2", "avx512f", "f16c", "fma"};
  CHECK_EQ(joined(compilerFlags(cpu)), "-mavx2 -mfma -mf16c");
  CHECK_EQ(joined(requiredIsa(cpu)), "avx2 f16c fma");
  cpu.isa = {"avx2", "avx512_bf16", "avx512bw", "avx512dq", "avx512f", "avx512vl", "f16c", "fma"};
  CHECK_EQ(joined(compilerFlags(cpu)), "-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma "
                                       "-mf16c -mavx512bf16");
  CHECK_EQ(joined(requiredIsa(cpu)), joined(cpu.isa));
  cpu.isa = {"avx2",       "avx512_vnni", "avx512bw", "avx512dq", "avx512f",
             "avx512vbmi", "avx512vl",    "f16c",     "fma"};
  CHECK_EQ(joined(compilerFlags(cpu)), "-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma "
                                       "-mf16c -mavx512vnni -mavx512vbmi");
  CHECK_EQ(joined(requiredIsa(cpu)), joined(cpu.isa));
}

TEST(knownInstructionSetsAreSorted) {
  for (size_t i = 1; i < knownIsa().size(); i++)
    CHECK(knownIsa()[i - 1] < knownIsa()[i]);
}
