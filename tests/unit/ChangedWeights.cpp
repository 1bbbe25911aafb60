// Weights that are not those whose header was read are not packed, and sizes that no sum holds are
// refused before they are added.
#include "compiler/pack/Pack.h"
#include "compiler/place/Units.h"
#include "tests/unit/Check.h"

#include <fstream>
#include <unistd.h>

using namespace ashlar;

TEST(changedFile) {
  char path[] = "/tmp/ashlar-weights-test-XXXXXX";
  close(mkstemp(path));
  std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char *>(&length), sizeof(length));
  bytes += header + "1234";
  std::ofstream(path, std::ios::binary) << bytes;

  std::string messages;
  llvm::raw_string_ostream out(messages);
  Diagnostics diags(out);
  Checkpoint checkpoint;
  CHECK(readSafetensors(path, checkpoint, diags));
  std::ofstream(path, std::ios::binary | std::ios::app) << "5";
  plan::Plan plan;
  plan.phases.push_back({"load", 0, {}});
  std::string pack = std::string(path) + ".pack";
  std::vector<QuantizedWeight> quantized;
  CHECK(!writePackFile(pack, {plan, checkpoint, ""}, quantized, diags));
  CHECK(diags.exit() == Exit::InputOutput);
  CHECK(messages.find("the file changed after its header was read") != std::string::npos);
  CHECK(messages.find("run the command again when nothing writes to the checkpoint") !=
        std::string::npos);
  unlink(path);
  messages.clear();
  CHECK(!writePackFile(pack, {plan, checkpoint, ""}, quantized, diags));
  CHECK(messages.find("cannot read the weights: No such file") != std::string::npos);
}

TEST(sizesThatNoSumHolds) {
  std::string messages;
  llvm::raw_string_ostream out(messages);
  Diagnostics diags(out);
  Model model;
  model.weights.emplace_back().shape = {uint64_t(1) << 31, uint64_t(1) << 31};
  Machine machine;
  machine.name = "small";
  CHECK(!costUnits(model, machine, Request(), {64, 8}, diags));
  CHECK(diags.exit() == Exit::DoesNotFit);
  CHECK(messages.find("small: error: does not fit: with a context of 64 the model takes more than "
                      "2^60 bytes") != std::string::npos);
  CHECK(messages.find("compare the sizes in config.json with what the model should have") !=
        std::string::npos);
}
