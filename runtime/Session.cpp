#include "runtime/Session.h"

#include "runtime/Preflight.h"

#include <algorithm>

namespace ashlar {

Failure Session::open(const std::string &weights, const std::string &torchModule) {
  if (Failure f = refuse(preflight(model, torch.isOpen())))
    return f;
  if (model.torch && !torch.isOpen())
    if (Failure f = torch.open(torchModule))
      return f;
  if (Failure f = pack.open(weights, model))
    return f;
  if (Failure f = arena.allocate(model.hostBytes))
    return f;
  std::string error;
  if (!team.start(error))
    return {ExitCode::InputOutput,
            "cannot start " + std::to_string(model.threads) + " threads: " + error,
            "lift the limit on threads (ulimit -u)"};
  pack.expect(model, arena.base(), arrivals);
  arriving = true;
  uint64_t bytes = model.textBytes;
  std::byte *at = arena.base() + model.textOffset;
  if (Failure f = pack.read(PackKind::Tokenizer, at, bytes))
    return f;
  if (bytes) {
    const char *wrong = nullptr;
    text = Tokenizer::open({at, bytes}, &wrong);
    if (!text)
      return {ExitCode::BadInput, pack.where() + ": the pack is damaged: " + wrong,
              "build the app anew with ashlar build"};
  }
  return {};
}

Failure Session::load() {
  if (!arriving)
    return {};
  StepState state;
  state.arrivals = &arrivals;
  team.run([](StepState &state) { state.arrivals->awaitAll(state); }, state);
  if (Failure f = pack.failure(arrivals))
    return f;
  arriving = false;
  if (loaded)
    loaded();
  return {};
}

/// Results count when all weights could be read.
Failure Session::run(Entry entry, StepState &state) {
  state.host = arena.base();
  state.nanosPerMiB = model.nanosPerMiB;
  state.ahead = model.ahead;
  state.arrivals = arriving ? &arrivals : nullptr;
  team.advance(entry, state);
  if (Failure f = load())
    return f;
  return torch.takeFailure();
}

int32_t *Session::idsOf(uint32_t sequence) const {
  return reinterpret_cast<int32_t *>(arena.base() + model.idsOffset) + sequence * model.context;
}

std::span<float> Session::logits(uint32_t row) const {
  return {reinterpret_cast<float *>(arena.base() + model.logitsOffset) + row * model.vocabulary,
          model.vocabulary};
}

std::span<const int32_t> Session::sequence(uint32_t sequence) const {
  return {idsOf(sequence), lengths[sequence]};
}

std::span<std::byte> Session::samplerScratch() const {
  return {arena.base() + model.samplerOffset, model.samplerBytes};
}

void Session::deliver(void *context, uint32_t row, const float *logits) {
  auto &delivery = *static_cast<Delivery *>(context);
  if (delivery.each)
    delivery.each(delivery.context, delivery.position + row, logits);
}

/// The tokens stand in the sequence already.
Failure Session::prefill(uint32_t sequence, uint32_t tokens, uint32_t firstLogits,
                         Delivery delivery) {
  StepState state;
  state.ids = idsOf(sequence) + lengths[sequence];
  state.position = lengths[sequence];
  state.sequence = sequence;
  state.tokens = tokens;
  state.firstLogits = firstLogits;
  state.torch = torch.isOpen() ? &torch : nullptr;
  state.deliver = deliver;
  state.context = &delivery;
  lengths[sequence] += tokens;
  return run(model.prefill, state);
}

Failure Session::decode(std::span<const Next> tokens, Entry entry, Delivery delivery) {
  StepState state;
  for (size_t row = 0; row < tokens.size(); ++row) {
    auto [sequence, id] = tokens[row];
    stepIds[row] = idsOf(sequence)[lengths[sequence]] = id;
    stepPlaces[row] = {sequence, lengths[sequence]};
    state.position = std::max(state.position, lengths[sequence]++);
  }
  state.ids = stepIds.data();
  state.sequence = stepPlaces[0].sequence;
  state.places = stepPlaces.data();
  state.tokens = uint32_t(tokens.size());
  state.deliver = deliver;
  state.context = &delivery;
  return run(entry, state);
}

Failure Session::check(uint32_t sequence, std::span<const int32_t> ids) const {
  if (ids.size() > model.context - lengths[sequence])
    return {ExitCode::BadInput,
            (model.batch == 1 ? "" : "sequence " + std::to_string(sequence + 1) + ": ") +
                std::to_string(lengths[sequence] + ids.size()) + " tokens, the context holds " +
                std::to_string(model.context),
            "shorten the prompt, or build with a larger --context"};
  for (int32_t id : ids)
    if (id < 0 || uint64_t(id) >= model.vocabulary)
      return {ExitCode::BadInput,
              "token " + std::to_string(id) + " is outside of the vocabulary of " +
                  std::to_string(model.vocabulary),
              ""};
  return {};
}

Failure Session::append(std::span<const int32_t> ids, uint32_t sequence, Deliver each,
                        void *context) {
  if (Failure f = check(sequence, ids))
    return f;
  if (each) // what is handed over must not turn out later to be made of missing weights
    if (Failure f = load())
      return f;
  if (ids.size() == 1) {
    Next next{sequence, ids[0]};
    return decode({&next, 1}, model.decode, {each, context, lengths[sequence]});
  }
  std::copy(ids.begin(), ids.end(), idsOf(sequence) + lengths[sequence]);
  for (size_t done = 0; done < ids.size();) {
    uint32_t take = uint32_t(std::min<size_t>(model.chunk, ids.size() - done));
    bool last = done + take == ids.size();
    uint32_t firstLogits = each ? 0 : last ? take - 1 : take;
    if (Failure f = prefill(sequence, take, firstLogits, {each, context, lengths[sequence]}))
      return f;
    done += take;
    if (interrupted && interrupted())
      break;
  }
  return {};
}

Failure Session::advance(std::span<const Next> tokens, Entry entry) {
  for (const Next &next : tokens)
    if (Failure f = check(next.sequence, {&next.id, 1}))
      return f;
  return decode(tokens, entry, {nullptr, nullptr, 0});
}

std::span<float> Session::input() const {
  return {reinterpret_cast<float *>(arena.base() + model.inputOffset),
          model.chunk * model.inputColumns};
}

std::span<const float> Session::output() const {
  return {reinterpret_cast<const float *>(arena.base() + model.outputOffset),
          model.chunk * model.outputColumns};
}

Failure Session::forward(uint32_t rows) {
  return forward(rows, model.forward, torch.isOpen() ? &torch : nullptr);
}

Failure Session::forward(uint32_t rows, Entry entry, TorchLibrary *torchOrNone) {
  StepState state;
  state.tokens = rows;
  state.torch = torchOrNone;
  return run(entry, state);
}

} // namespace ashlar
