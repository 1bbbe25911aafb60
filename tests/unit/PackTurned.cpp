// A weight that is stored [columns, rows] comes into the pack as one that is not, in several passes
// when it is large.
#include "compiler/pack/Pack.h"
#include "compiler/support/PanelBytes.h"
#include "tests/unit/Check.h"

#include "llvm/Support/FormatVariadic.h"

#include <cstring>
#include <fstream>
#include <unistd.h>

using namespace ashlar;

namespace {

/// The pack of one weight, [rows, columns] in panels or in rows.
std::string packOf(const std::string &directory, const std::vector<float> &values,
                   plan::Weight weight) {
  std::string header = llvm::formatv(
      R"({{"a":{{"dtype":"F32","shape":[{0},{1}],"data_offsets":[0,{2}]}})",
      weight.transposed ? weight.columns : weight.rows,
      weight.transposed ? weight.rows : weight.columns, values.size() * sizeof(float));
  uint64_t length = header.size();
  std::string path = directory + "/w.safetensors";
  {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(&length), sizeof(length));
    file << header;
    file.write(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
  }
  std::string messages;
  llvm::raw_string_ostream out(messages);
  Diagnostics diags(out);
  Checkpoint checkpoint;
  CHECK(readSafetensors(path, checkpoint, diags));
  plan::Plan plan;
  plan.memories.push_back({"host", {}, {}, {{"host.weights", 0, weight.size}}});
  plan.units.emplace_back().weights.push_back(weight);
  plan::Step read;
  read.kind = plan::StepKind::Read;
  read.packOffset = 4096;
  read.bytes = weight.size;
  plan.phases.push_back({"load", 0, {read}});
  plan.processors.emplace_back();
  std::vector<QuantizedWeight> quantized;
  CHECK(writePackFile(directory + "/pack", {plan, checkpoint, ""}, quantized, diags));
  CHECK_EQ(quantized.size(), size_t(isQuantized(weight.type)));
  CHECK_EQ(messages, "");
  std::ifstream file(directory + "/pack", std::ios::binary);
  std::string bytes(weight.size.value, 0);
  file.seekg(4096);
  file.read(bytes.data(), bytes.size());
  unlink((directory + "/pack").c_str());
  unlink(path.c_str());
  return bytes;
}

void checkTurned(uint64_t rows, uint64_t columns, DataType type, plan::Layout layout) {
  char directory[] = "/tmp/ashlar-unit-XXXXXX";
  CHECK(mkdtemp(directory));
  std::vector<float> straight(rows * columns), turned(rows * columns);
  for (uint64_t row = 0; row < rows; ++row)
    for (uint64_t column = 0; column < columns; ++column)
      straight[row * columns + column] = turned[column * rows + row] =
          float(row % 1024) - float(column % 512) / 512;
  plan::Weight weight;
  weight.name = weight.tensor = "a";
  weight.type = type;
  weight.layout = layout;
  weight.rows = rows;
  weight.columns = columns;
  weight.size = Bytes(layout == plan::Layout::Panels ? panelBytes(type, rows, columns)
                                                     : rows * columns * bytesOf(type));
  std::string expected = packOf(directory, straight, weight);
  weight.transposed = true;
  CHECK(packOf(directory, turned, weight) == expected);
  rmdir(directory);
}

} // namespace

TEST(smallWeights) {
  checkTurned(33, 7, DataType::F32, plan::Layout::Panels);
  checkTurned(70, 65, DataType::BF16, plan::Layout::Panels);
  checkTurned(70, 65, DataType::Int8, plan::Layout::Panels);
  checkTurned(33, 31, DataType::Int4, plan::Layout::Panels);
  checkTurned(5, 130, DataType::BF16, plan::Layout::Rows);
  checkTurned(1, 1, DataType::F32, plan::Layout::Rows);
}

// 38 MB, of which a pass takes 16 MiB.
TEST(severalPasses) {
  checkTurned(1171, 8111, DataType::F32, plan::Layout::Panels);
  checkTurned(1171, 8111, DataType::F32, plan::Layout::Rows);
  checkTurned(1171, 8111, DataType::Int8, plan::Layout::Panels);
}
