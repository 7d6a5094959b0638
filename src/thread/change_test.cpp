#include "thread/change.hpp"

#include <gtest/gtest.h>

namespace cityloom::thread {
namespace {

using twin::Attribute;
using twin::Fact;
using twin::Term;

constexpr Term building{50}, tower{51}, height{60}, name{61}, accuracy{62}, metre{70}, foot{71}, survey{80};

Attribute number(Term of, double value, Term dataset = {}) {
  Attribute attribute;
  attribute.name = of;
  attribute.dataset = dataset;
  attribute.value = twin::number_value(value);
  return attribute;
}

twin::Entity house() {
  twin::Entity entity;
  entity.id = "urn:x:1";
  entity.types = {building};
  entity.scopes = {"/a"};
  Attribute tall = number(height, 10);
  tall.unit = metre;
  tall.members = {number(accuracy, 2)};
  entity.attributes = {tall, number(height, 11, survey)};
  return entity;
}

Change change(Change::Kind kind, std::vector<Attribute> attributes = {}) {
  Change wanted;
  wanted.kind = kind;
  wanted.entity_id = "urn:x:1";
  wanted.attributes = std::move(attributes);
  return wanted;
}

// What the entity is after a change; fails the test if the change cannot be done.
twin::Entity after(const Change& wanted, twin::Entity entity, Outcome* outcome = nullptr) {
  std::vector<Fact> facts;
  const auto decided = decide(wanted, entity, facts);
  EXPECT_TRUE(decided.ok()) << (decided.ok() ? "" : decided.error().text());
  if (decided.ok() && outcome != nullptr) *outcome = *decided;
  for (const Fact& fact : facts) EXPECT_TRUE(twin::apply(fact, {9}, base::Instant{9}, entity).ok());
  return entity;
}

base::Code refusal(const Change& wanted, const twin::Entity& entity) {
  std::vector<Fact> facts;
  const auto decided = decide(wanted, entity, facts);
  EXPECT_FALSE(decided.ok());
  EXPECT_TRUE(facts.empty()) << "a refused change leaves no fact";
  return decided.ok() ? base::Code::internal : decided.error().code;
}

double value_of(const twin::Entity& entity, Term of, Term dataset = {}) {
  const Attribute* found = entity.find(of, dataset);
  return found == nullptr ? -1 : twin::as_number(found->value);
}

TEST(Decide, ConditionsOnExistence) {
  using Kind = Change::Kind;
  Change create = change(Kind::create);
  EXPECT_EQ(refusal(create, {}), base::Code::invalid) << "no type";
  create.types = {building};
  EXPECT_EQ(refusal(create, house()), base::Code::already_exists);
  EXPECT_EQ(after(create, {}).types, std::vector<Term>{building});
  for (const Kind kind : {Kind::replace, Kind::append, Kind::update, Kind::merge, Kind::remove, Kind::patch_attribute,
                          Kind::replace_attribute, Kind::remove_attribute}) {
    EXPECT_EQ(refusal(change(kind), {}), base::Code::not_found);
  }
  EXPECT_TRUE(after(change(Kind::remove), house()).id.empty());
}

TEST(Decide, ReplaceLeavesExactlyWhatIsGiven) {
  Change replace = change(Change::Kind::replace, {number(name, 1)});
  replace.types = {tower};
  const twin::Entity entity = after(replace, house());
  EXPECT_EQ(entity.types, std::vector<Term>{tower});
  EXPECT_TRUE(entity.scopes.empty());
  ASSERT_EQ(entity.attributes.size(), 1u);
  EXPECT_EQ(value_of(entity, name), 1);
}

TEST(Decide, OnlyDifferencesRecordsNothingForTheSame) {
  Change replace = change(Change::Kind::replace, house().attributes);
  replace.types = {building};
  replace.scopes = {"/a"};
  replace.only_differences = true;
  Outcome outcome;
  after(replace, house(), &outcome);
  EXPECT_FALSE(outcome.recorded);
  replace.attributes[1].value = int64_t{12};
  after(replace, house(), &outcome);
  EXPECT_EQ(outcome.updated, std::vector<Term>{height});
}

TEST(Decide, AppendKeepsOrOverwritesAndUpdateOnlyWhatIsThere) {
  Change append = change(Change::Kind::append, {number(height, 20), number(name, 5)});
  append.types = {tower};
  twin::Entity entity = after(append, house());
  EXPECT_EQ(value_of(entity, height), 20);
  EXPECT_EQ(value_of(entity, height, survey), 11);
  EXPECT_EQ(value_of(entity, name), 5);
  EXPECT_EQ(entity.types, (std::vector<Term>{building, tower}));

  append.keep_existing = true;
  Outcome outcome;
  entity = after(append, house(), &outcome);
  EXPECT_EQ(value_of(entity, height), 10);
  ASSERT_EQ(outcome.not_updated.size(), 1u);
  EXPECT_EQ(outcome.not_updated[0].name, height);

  Change update = change(Change::Kind::update, {number(height, 30), number(name, 5)});
  entity = after(update, house(), &outcome);
  EXPECT_EQ(value_of(entity, height), 30);
  EXPECT_EQ(value_of(entity, name), 5);
  EXPECT_TRUE(outcome.not_updated.empty());

  Attribute absent = number(name, 0);
  absent.value = twin::Null{};
  update = change(Change::Kind::update, {absent});
  update.scopes = {"/b"};
  entity = after(update, house(), &outcome);
  EXPECT_EQ(entity.scopes, std::vector<std::string>{"/b"});
  ASSERT_EQ(outcome.not_updated.size(), 1u);
  EXPECT_EQ(outcome.not_updated[0].name, name);

  twin::Entity without_scope = house();
  without_scope.scopes.clear();
  entity = after(update, without_scope, &outcome);
  EXPECT_TRUE(entity.scopes.empty());
  ASSERT_EQ(outcome.not_updated.size(), 2u);
  EXPECT_EQ(outcome.not_updated[0].name, twin::terms::scope);
}

TEST(Decide, PatchKeepsWhatItDoesNotSay) {
  Attribute only_unit;
  only_unit.name = height;
  only_unit.value = twin::unstated_value();
  only_unit.unit = foot;
  twin::Entity entity = after(change(Change::Kind::patch_attribute, {only_unit}), house());
  EXPECT_EQ(value_of(entity, height), 10);
  EXPECT_EQ(entity.find(height)->unit, foot);
  EXPECT_EQ(entity.find(height)->members.size(), 1u);

  Attribute without_accuracy = number(height, 12);
  without_accuracy.members = {Attribute{}};
  without_accuracy.members[0].name = accuracy;
  entity = after(change(Change::Kind::patch_attribute, {without_accuracy}), house());
  EXPECT_EQ(value_of(entity, height), 12);
  EXPECT_TRUE(entity.find(height)->members.empty());

  EXPECT_EQ(refusal(change(Change::Kind::patch_attribute, {number(name, 1)}), house()), base::Code::not_found);
  entity = after(change(Change::Kind::replace_attribute, {number(height, 13)}), house());
  EXPECT_FALSE(entity.find(height)->unit.exists()) << "a replacement keeps nothing";
}

TEST(Decide, MergeGoesIntoObjectsAndRemovesNulls) {
  twin::Entity entity = house();
  Attribute address;
  address.name = name;
  address.value = twin::Json{R"({"street":"Olympic-ro","door":{"number":300,"floor":5}})"};
  entity.attributes.push_back(address);
  Attribute patch = address;
  patch.value = twin::Json{R"({"door":{"floor":null,"unit":"B"},"zip":"05551"})"};
  Attribute gone;
  gone.name = height;
  gone.dataset = survey;
  const twin::Entity merged = after(change(Change::Kind::merge, {patch, gone}), entity);
  EXPECT_EQ(std::get<twin::Json>(merged.find(name)->value).text,
            R"({"street":"Olympic-ro","door":{"number":300,"unit":"B"},"zip":"05551"})");
  EXPECT_EQ(merged.find(height, survey), nullptr);
  EXPECT_EQ(value_of(merged, height), 10);
}

TEST(Decide, RemovesOneInstanceOrAll) {
  Change remove = change(Change::Kind::remove_attribute);
  remove.attribute_name = height;
  twin::Entity entity = after(remove, house());
  EXPECT_EQ(entity.attributes.size(), 1u);
  EXPECT_NE(entity.find(height, survey), nullptr);
  remove.all_datasets = true;
  EXPECT_TRUE(after(remove, house()).attributes.empty());
  remove.attribute_name = name;
  EXPECT_EQ(refusal(remove, house()), base::Code::not_found);
}

}  // namespace
}  // namespace cityloom::thread
