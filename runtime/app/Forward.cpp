/// The verb of models that read rows.
#include "runtime/app/Npy.h"
#include "runtime/app/Verbs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace ashlar {

static Failure allRows(Session &session, const NpyReader &input, OutputFile &output) {
  uint64_t columns = session.model.outputColumns;
  std::string header = npyHeader(input.rows(), columns);
  if (Failure f = output.write(header.data(), header.size()))
    return f;
  for (uint64_t done = 0; done < input.rows();) {
    auto take = uint32_t(std::min<uint64_t>(session.model.chunk, input.rows() - done));
    if (Failure f = input.read(done, take, session.input().data()))
      return f;
    if (Failure f = session.forward(take))
      return f;
    if (Failure f = output.write(session.output().data(), take * columns * sizeof(float)))
      return f;
    done += take;
  }
  return output.close();
}

Failure forward(const ModelInfo &model, const AppOptions &options) {
  if (options.input.empty())
    return {ExitCode::BadInput, "no input", "name the rows with --input x.npy"};
  if (options.output.empty() && isatty(STDOUT_FILENO))
    return {ExitCode::BadInput, "rows are not for a terminal", "name a file with -o y.npy"};
  NpyReader input;
  if (Failure f = input.open(options.input, model.inputColumns))
    return f;
  if (!options.output.empty() && input.isFile(options.output))
    return {ExitCode::BadInput,
            options.output + ": is the input, which is read while this is written",
            "name another file with -o"};
  uint64_t start = now();
  Session session(model);
  if (Failure f = session.open(options.weights, options.torchModule))
    return f;
  uint64_t loaded = now();
  OutputFile output;
  if (Failure f = output.open(options.output))
    return f;
  if (Failure f = allRows(session, input, output))
    return f;
  uint64_t nanos = now() - loaded;
  std::fprintf(stderr, "load     %8.1f ms\n", double(loaded - start) / 1e6);
  std::fprintf(
      stderr, "forward  %8.1f ms  %5llu rows  %9.1f rows/s, predicted %.1f\n", double(nanos) / 1e6,
      (unsigned long long)input.rows(), nanos ? double(input.rows()) * 1e9 / double(nanos) : 0,
      model.predictedForwardNanos ? double(model.chunk) * 1e9 / double(model.predictedForwardNanos)
                                  : 0);
  return {};
}

} // namespace ashlar
