// Linked entities: walks end in rings and at their limits, and say what kept them from being complete.
#include "ngsi/linked.hpp"

#include <gtest/gtest.h>

#include <map>

#include "ngsi/golden_test.hpp"

namespace cityloom::ngsi {
namespace {

/// Entities with a list of links each, by their numbers.
class LinkedCity {
 public:
  void add(int number, const std::vector<int>& links) {
    std::string json = R"({"id":")" + id(number) + R"(","type":"T","to":{"type":"ListRelationship","objectList":[)";
    for (size_t i = 0; i < links.size(); ++i) json += (i == 0 ? "\"" : ",\"") + id(links[i]) + "\"";
    const auto change = testing::change_of(json + "]}}", *Context::core(), terms_);
    ASSERT_TRUE(change.ok()) << change.error().text();
    records_[id(number)] = testing::record_of(*change);
  }
  static std::string id(int number) { return "urn:n:" + std::to_string(number); }

  LinkedEntities linked(Join join) {
    return {std::move(join), [this](std::string_view wanted) -> base::Result<twin::EntityRecord> {
              ++asked;
              const auto found = records_.find(std::string(wanted));
              return found == records_.end() ? twin::EntityRecord() : found->second;
            }};
  }
  std::string inline_text(int number, unsigned levels, LinkedEntities& linked) {
    Join join;
    join.levels = levels;
    Representation how;
    how.format = Format::simplified;
    how.linked = &linked;
    linked.set_representation(how);
    std::string text;
    append_entity(records_.at(id(number)), how, Names(Context::core(), terms_), text);
    return text;
  }
  std::vector<std::string> beside(int number, LinkedEntities& linked) {
    std::vector<std::string> ids;
    const Projection all;
    for (const LinkedRecord& found : linked.beside({records_.at(id(number))}, all)) ids.emplace_back(found.record.id());
    return ids;
  }
  int asked = 0;

 private:
  twin::TermTable terms_;
  std::map<std::string, twin::EntityRecord> records_;
};

Join levels(unsigned count, bool is_flat = false) {
  Join join;
  join.levels = count;
  join.is_flat = is_flat;
  return join;
}

TEST(LinkedEntities, ARingEndsWhereItBegan) {
  LinkedCity city;
  city.add(1, {2});
  city.add(2, {1});
  LinkedEntities linked = city.linked(levels(join_level_max));
  const std::string type = R"("type":"T",)";
  EXPECT_EQ(city.inline_text(1, join_level_max, linked),
            R"({"id":"urn:n:1",)" + type + R"("to":[{"id":"urn:n:2",)" + type + R"("to":["urn:n:1"]}]})");
  EXPECT_TRUE(linked.status().ok());
  EXPECT_EQ(city.asked, 1);
}

TEST(LinkedEntities, InlineGivesAnEntityOnEachWayToItAndFlatOnce) {
  LinkedCity city;
  city.add(1, {2, 3});
  city.add(2, {4});
  city.add(3, {4, 9});
  city.add(4, {1});
  LinkedEntities inline_linked = city.linked(levels(2));
  const std::string text = city.inline_text(1, 2, inline_linked);
  size_t given = 0;
  for (size_t at = text.find(R"({"id":"urn:n:4")"); at != std::string::npos;
       at = text.find(R"({"id":"urn:n:4")", at + 1))
    ++given;
  EXPECT_EQ(given, 2u) << text;
  LinkedEntities flat = city.linked(levels(5, true));
  EXPECT_EQ(city.beside(1, flat), (std::vector<std::string>{"urn:n:2", "urn:n:3", "urn:n:4"}));
  Join without = levels(5, true);
  without.contained_by = {"urn:n:2"};
  LinkedEntities rest = city.linked(without);
  EXPECT_EQ(city.beside(1, rest), (std::vector<std::string>{"urn:n:3", "urn:n:4"}));
}

// Twenty entities that all link to one another have 20^10 ways of ten links: the walk ends at its limit.
TEST(LinkedEntities, AThicketEndsAtTheLimit) {
  LinkedCity city;
  std::vector<int> all;
  for (int i = 0; i < 20; ++i) all.push_back(i);
  for (int i = 0; i < 20; ++i) city.add(i, all);
  LinkedEntities linked = city.linked(levels(join_level_max));
  const std::string text = city.inline_text(0, join_level_max, linked);
  EXPECT_EQ(linked.status().error().code, base::Code::too_complex);
  EXPECT_LE(static_cast<size_t>(city.asked), linked_entities_max + 1);
  EXPECT_LT(text.size(), linked_entities_max * 1'000);
  LinkedEntities flat = city.linked(levels(join_level_max, true));
  EXPECT_EQ(city.beside(0, flat).size(), 19u);
  EXPECT_TRUE(flat.status().ok());
}

TEST(Join, IsReadOrRefused) {
  EXPECT_FALSE(parse_join({})->has_value());
  EXPECT_FALSE(parse_join({"@none", "0", "x"})->has_value());
  const auto join = parse_join({"flat", "3", "urn:a:1,urn:a:2"});
  ASSERT_TRUE(join.ok() && join->has_value());
  EXPECT_TRUE((*join)->is_flat);
  EXPECT_EQ((*join)->levels, 3u);
  EXPECT_EQ((*join)->contained_by, (std::vector<std::string>{"urn:a:1", "urn:a:2"}));
  EXPECT_EQ(parse_join({"inline", {}, {}})->value().levels, 1u);
  const JoinParameters wrong[] = {{"", {}, {}},       {"Inline", {}, {}},     {"flat", "0", {}},
                                  {"flat", "11", {}}, {"flat", "-1", {}},     {"flat", "1.5", {}},
                                  {"flat", "", {}},   {"inline", {}, "here"}, {"inline", {}, "urn:a:1,,urn:a:2"}};
  for (const JoinParameters& parameters : wrong) EXPECT_EQ(parse_join(parameters).error().code, base::Code::invalid);
}

}  // namespace
}  // namespace cityloom::ngsi
