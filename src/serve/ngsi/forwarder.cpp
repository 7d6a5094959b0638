// Requests to sources under way.
#include "serve/ngsi/forwarder.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;

// Answers as they come in; each place is written by one of them.
struct Round {
  std::vector<SourceAnswer> answers;
  std::atomic<size_t> missing;
  Forwarder::Done done;

  void answered() {
    if (missing.fetch_sub(1, std::memory_order_acq_rel) == 1) done(std::move(answers));
  }
};

// That there is nothing of the kind, or that it is on the way already, is an answer too.
bool is_answer(const base::Result<OutgoingResponse>& response) {
  if (!response.ok()) return false;
  const unsigned status = response->status;
  return (status >= 200 && status < 300) || status == 404 || status == 409 || status == 508;
}

}  // namespace

void Forwarder::send(std::vector<SourceRequest> requests, Done done) {
  if (requests.empty()) return done({});
  auto round = std::make_shared<Round>();
  round->missing = requests.size();
  round->done = std::move(done);
  for (const SourceRequest& one : requests)
    round->answers.push_back({one.source, fail(Code::cancelled, "the server is stopping")});
  for (size_t i = 0; i < requests.size(); ++i) {
    SourceRequest& one = requests[i];
    const auto& management = one.source->registration().management;
    const int64_t asked_ms = management && management->timeout_ms > 0 ? management->timeout_ms : options_.timeout_ms;
    one.request.timeout_ms = std::min(asked_ms, options_.timeout_max_ms);
    one.request.body_bytes_max = std::min(options_.body_bytes_max, options_.bodies_bytes_max / requests.size());
    one.request.reach = options_.reach;
    const std::string place = SourceCache::place_of(one.source->registration());
    const bool may_keep = one.is_read && SourceCache::until(one.source->registration(), clock_.now());
    const std::string key = may_keep ? SourceCache::key_of(one.request) : std::string();
    if (auto kept = may_keep ? cache_->find(key, clock_.now()) : std::nullopt) {
      round->answers[i].response = std::move(*kept);
      round->answered();
      continue;
    }
    const bool is_write = !one.is_read && one.request.method != "GET";
    if (is_write) cache_->forget(place);
    if (!one.source->may_be_asked(clock_.now())) {
      round->answers[i].response = fail(Code::timeout, "the source is left alone for a while after it failed");
      round->answered();
      continue;
    }
    if (under_way_->fetch_add(1) >= options_.under_way_max) {
      under_way_->fetch_sub(1);
      round->answers[i].response = fail(Code::busy, "too many requests to sources are under way");
      round->answered();
      continue;
    }
    client_.send(std::move(one.request),
                 [round, i, under_way = under_way_, cache = cache_, key, place, is_write, writes = cache_->writes(),
                  &clock = clock_](base::Result<OutgoingResponse> response) {
                   under_way->fetch_sub(1);
                   SourceAnswer& answer = round->answers[i];
                   answer.source->count(is_answer(response), clock.now());
                   // What was read while this was written may be of before.
                   if (is_write) cache->forget(place);
                   const bool is_good = response.ok() && response->status >= 200 && response->status < 300;
                   const auto until = SourceCache::until(answer.source->registration(), clock.now());
                   if (!key.empty() && is_good && until) cache->keep(key, place, *response, *until, writes);
                   answer.response = std::move(response);
                   round->answered();
                 });
  }
}

}  // namespace cityloom::serve::ngsi_ld
