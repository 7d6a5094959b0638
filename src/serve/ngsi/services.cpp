// Lanes and internal terms.
#include "serve/ngsi/services.hpp"

#include "ngsi/parse.hpp"

namespace cityloom::serve::ngsi_ld {

base::Result<InternalTerms> intern_internal_terms(twin::TermTable& terms) {
  const auto subscription = terms.intern("urn:cityloom:type:Subscription");
  if (!subscription.ok()) return subscription.error();
  const auto context = terms.intern("urn:cityloom:type:Context");
  if (!context.ok()) return context.error();
  const auto document = terms.intern("urn:cityloom:attribute:document");
  if (!document.ok()) return document.error();
  const auto status = terms.intern("urn:cityloom:attribute:status");
  if (!status.ok()) return status.error();
  const auto expires_at = terms.intern(ngsi::expires_at_iri);
  if (!expires_at.ok()) return expires_at.error();
  const auto registration = terms.intern("urn:cityloom:type:Registration");
  if (!registration.ok()) return registration.error();
  const auto source_subscription = terms.intern("urn:cityloom:type:SourceSubscription");
  if (!source_subscription.ok()) return source_subscription.error();
  const auto snapshot = terms.intern("urn:cityloom:type:Snapshot");
  if (!snapshot.ok()) return snapshot.error();
  const auto model = terms.intern("urn:cityloom:type:Model");
  if (!model.ok()) return model.error();
  return InternalTerms{*subscription,        *context,  *document, *status, *expires_at, *registration,
                       *source_subscription, *snapshot, *model};
}

Lane::Lane(size_t workers, size_t waiting_max) : waiting_max_(waiting_max) {
  for (size_t i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

Lane::~Lane() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

bool Lane::post(Task& task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void Lane::work() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    task();
  }
}

TenantState& Services::state_of(const thread::Thread& thread) const {
  if (main_state != nullptr && main_state->thread == &thread) return *main_state;
  const std::shared_lock lock(mutex);
  return *states.at(&thread);
}

}  // namespace cityloom::serve::ngsi_ld
