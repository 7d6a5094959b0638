#include "models/model_guard.hpp"

#include <algorithm>

#include "thread/series_codec.hpp"

namespace cityloom::models {
namespace {

using Kind = twin::Fact::Kind;
using twin::Term;

bool states(Kind kind) {
  return kind == Kind::attribute_set || kind == Kind::past_stated || kind == Kind::past_corrected;
}

// What the facts state, and what else the entity has then.
EntityPart part_of(const thread::Proposal& proposal, const std::vector<Term>& ignored) {
  EntityPart part;
  part.id = proposal.facts.front().entity_id;
  part.is_whole = proposal.is_whole;
  const auto is_attribute = [&](Term name) { return std::find(ignored.begin(), ignored.end(), name) == ignored.end(); };
  if (!proposal.before.id.empty()) part.standing = &proposal.standing;
  for (const twin::Fact& fact : proposal.facts) {
    if (fact.kind == Kind::types_set) part.has_new_types = true;
    if (fact.kind == Kind::attribute_deleted) part.deleted.push_back({fact.attribute.name, fact.attribute.dataset});
    if (states(fact.kind) && is_attribute(fact.attribute.name) && !twin::is_null(fact.attribute.value))
      part.stated.push_back(&fact.attribute);
  }
  return part;
}

// A whole entity keeps what its change says anew and in the same words, of which no fact comes.
void add_standing(const thread::Proposal& proposal, const std::vector<Term>& ignored,
                  std::vector<twin::Attribute>& kept, EntityPart& part) {
  if (!part.is_whole || part.standing == nullptr || !part.standing->exists() || part.standing->ended()) return;
  part.standing->each_attribute({}, [&](const twin::Attribute& one) {
    const bool is_ignored = std::find(ignored.begin(), ignored.end(), one.name) != ignored.end();
    const bool is_touched = std::any_of(proposal.facts.begin(), proposal.facts.end(), [&](const twin::Fact& fact) {
      return fact.attribute.name == one.name && fact.attribute.dataset == one.dataset;
    });
    if (!is_ignored && !is_touched) kept.push_back(one);
    return true;
  });
  for (const twin::Attribute& one : kept) part.stated.push_back(&one);
}

}  // namespace

std::string source_of(const twin::EntityRecord& record, Term source, std::string_view author) {
  std::string named;
  if (record.exists() && !record.ended()) {
    record.each_attribute(source, [&](const twin::Attribute& one) {
      if (const auto* text = std::get_if<std::string>(&one.value)) named = *text;
      return named.empty();
    });
  }
  if (!named.empty()) return named;
  return std::string(author.empty() ? unnamed_source : author);
}

ModelGuard::ModelGuard(std::vector<ActiveModel> models, const twin::TermTable& terms, const base::Clock& clock,
                       std::shared_ptr<Tally> tally, std::vector<Term> ignored)
    : models_(std::move(models)), terms_(terms), clock_(clock), tally_(std::move(tally)), ignored_(std::move(ignored)) {
  for (size_t i = 0; i < models_.size(); ++i) by_type_.emplace(models_[i].bound->type().number, i);
}

const ActiveModel* ModelGuard::find(Term type) const {
  const auto found = by_type_.find(type.number);
  return found == by_type_.end() ? nullptr : &models_[found->second];
}

std::vector<const ActiveModel*> ModelGuard::models_of(const thread::Proposal& proposal) const {
  const std::vector<Term>* types = &proposal.before.types;
  for (const twin::Fact& fact : proposal.facts) {
    if (fact.kind == Kind::entity_created || fact.kind == Kind::types_set) types = &fact.types;
  }
  std::vector<const ActiveModel*> models;
  for (const Term type : *types) {
    if (const ActiveModel* const model = find(type)) models.push_back(model);
  }
  return models;
}

// Numbers of the past come many in one fact.
void ModelGuard::add_numbers(const std::vector<const BoundModel*>& models, const twin::Fact& fact,
                             std::vector<Finding>& findings) const {
  const auto* const packed = std::get_if<std::string>(&fact.attribute.value);
  std::vector<double> numbers;
  if (packed == nullptr || !thread::unpack_columns(*packed, nullptr, &numbers, nullptr)) return;
  twin::Attribute attribute = fact.attribute;
  EntityPart part;
  part.id = fact.entity_id;
  part.stated.push_back(&attribute);
  for (const double number : numbers) {
    attribute.value = twin::number_value(number);
    check_entity(models, part, terms_, findings);
    if (!findings.empty()) return;
  }
}

std::vector<Finding> ModelGuard::findings_of(const twin::Entity& entity) const {
  std::vector<const BoundModel*> models;
  for (const Term type : entity.types) {
    if (const ActiveModel* const model = find(type)) models.push_back(model->bound.get());
  }
  EntityPart part;
  part.id = entity.id;
  part.is_whole = true;
  for (const twin::Attribute& attribute : entity.attributes) {
    if (std::find(ignored_.begin(), ignored_.end(), attribute.name) == ignored_.end())
      part.stated.push_back(&attribute);
  }
  std::vector<Finding> findings;
  check_entity(models, part, terms_, findings);
  return findings;
}

base::Result<std::vector<std::string>> ModelGuard::check(const thread::Proposal& proposal) const {
  std::vector<std::string> warnings;
  const std::vector<const ActiveModel*> active = models_of(proposal);
  if (active.empty()) return warnings;
  std::vector<const BoundModel*> models;
  for (const ActiveModel* const one : active) models.push_back(one->bound.get());
  EntityPart part = part_of(proposal, ignored_);
  std::vector<twin::Attribute> kept;
  add_standing(proposal, ignored_, kept, part);
  std::vector<Finding> findings;
  check_entity(models, part, terms_, findings);
  for (const twin::Fact& fact : proposal.facts) {
    if (fact.kind == Kind::past_numbers_stated && findings.empty()) add_numbers(models, fact, findings);
  }
  if (findings.empty()) return warnings;

  const ActiveModel& strictest = **std::max_element(
      active.begin(), active.end(), [](const ActiveModel* a, const ActiveModel* b) { return a->mode < b->mode; });
  const Model& model = strictest.bound->model();
  const Fate fate = strictest.mode == Mode::strict ? Fate::rejected
                    : strictest.mode == Mode::warn ? Fate::warned
                                                   : Fate::counted;
  if (fate == Fate::rejected || !proposal.is_rehearsal) {
    std::string source;
    for (const twin::Attribute* const one : part.stated) {
      const auto* const text = std::get_if<std::string>(&one->value);
      if (one->name == strictest.bound->source() && text != nullptr) source = *text;
    }
    if (source.empty()) {
      const twin::EntityRecord none;
      source = source_of(part.standing != nullptr ? *part.standing : none, strictest.bound->source(), proposal.author);
    }
    tally_->add(model.type_iri, source, {clock_.now(), std::string(part.id), fate, findings});
  }
  if (fate == Fate::rejected) return error_of(model, findings);
  if (fate == Fate::warned) {
    for (const Finding& finding : findings) warnings.push_back(std::string(part.id) + ' ' + finding.text());
  }
  return warnings;
}

base::Error error_of(const Model& model, const std::vector<Finding>& findings) {
  const std::string name = model.name + ' ' + model.version;
  return base::fail(base::Code::invalid, "the entity does not keep to the model " + name + ": " + text_of(findings),
                    findings.front().path, "see /api/models/" + model.name);
}

}  // namespace cityloom::models
