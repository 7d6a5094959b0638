#include "thread/past_corrections.hpp"

#include <algorithm>

namespace cityloom::thread {

using base::Result;
using twin::Term;

std::vector<Stretch> stretches_of(const Views& views, BranchId branch, Offset upto) {
  std::vector<Stretch> stretches;
  for (auto on = views.branch(branch); on != nullptr; on = views.branch(on->info.parent)) {
    const bool is_main = on->info.id == main_branch;
    const Offset after = is_main ? Offset{} : on->info.fork_offset;
    if (after < upto || is_main) stretches.push_back({on->info.id, after, upto});
    if (is_main) break;
    upto = std::min(upto, after);
  }
  std::reverse(stretches.begin(), stretches.end());
  return stretches;
}

Result<PastCorrections> PastCorrections::read(const Views& views, const std::vector<Stretch>& stretches,
                                              twin::EntityNumber number) {
  PastCorrections corrections;
  for (const Stretch& stretch : stretches) {
    const auto series = views.history().series({stretch.branch, number, twin::terms::lifecycle, corrections_dataset});
    if (!series) return series.error();
    for (size_t i = 0; i < series->size(); ++i) {
      const ChunkSummary& summary = series->summary(i);
      if (summary.last_offset <= stretch.after || summary.first_offset > stretch.upto) continue;
      const auto chunk = series->chunk(i);
      if (!chunk) return chunk.error();
      for (const PastInstance& one : chunk->instances) {
        if (one.offset > stretch.after && one.offset <= stretch.upto) corrections.take(one);
      }
    }
  }
  corrections.settle();
  return corrections;
}

// Later ones come later.
void PastCorrections::take(const PastInstance& correction) {
  const twin::Attribute& attribute = correction.attribute;
  if (attribute.offset.number == 0) {
    removed_upto_[{attribute.name, attribute.dataset}] = correction.offset;
    return;
  }
  const Instance instance{attribute.name, without_told(attribute.dataset), is_told(attribute.dataset), attribute.offset,
                          attribute.created_at};
  Last& last = by_instance_[instance];
  last = {correction.offset, std::nullopt};
  if (!correction.ended) last.attribute = attribute;
}

void PastCorrections::settle() {
  for (auto& [instance, last] : by_instance_) {
    const auto& [name, dataset, told, offset, observed_at] = instance;
    if (!last.attribute || last.at <= removed_upto(name, dataset)) continue;
    Correction correction{{offset, observed_at, told}, last.at, std::move(*last.attribute)};
    correction.attribute.dataset = dataset;
    correction.attribute.created_at = {};
    replacements_.push_back(std::move(correction));
  }
}

Offset PastCorrections::upto_of(Term name, Term dataset) const {
  const auto found = removed_upto_.find({name, dataset});
  return found == removed_upto_.end() ? Offset{} : found->second;
}

Offset PastCorrections::removed_upto(Term name, Term dataset) const {
  return std::max({removed_upto(), upto_of(name, Term::unknown()), upto_of(name, dataset)});
}

bool PastCorrections::hides(Term name, Term dataset, const PastKey& key) const {
  if (empty()) return false;
  if (key.offset <= removed_upto(name, dataset)) return true;
  return by_instance_.contains({name, dataset, key.is_told, key.offset, key.observed_at});
}

bool PastCorrections::concerns(Term name, Term dataset, bool told, Offset first, Offset last) const {
  if (empty()) return false;
  if (first <= removed_upto(name, dataset)) return true;
  const auto at = by_instance_.lower_bound({name, dataset, told, first, base::Instant::none()});
  if (at == by_instance_.end()) return false;
  const auto& [its_name, its_dataset, its_told, offset, observed_at] = at->first;
  return its_name == name && its_dataset == dataset && its_told == told && offset <= last;
}

}  // namespace cityloom::thread
