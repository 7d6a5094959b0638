// The gazetteer over a real record in memory.
#include "serve/api/gazetteer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/api/names.hpp"
#include "store/store.hpp"

namespace cityloom::serve {
namespace {

const base::SystemClock system_clock;

class GazetteerTest : public testing::Test {
 protected:
  GazetteerTest() : thread_(std::move(*thread::Thread::open(store::make_memory_store(), system_clock))) {}

  twin::Term term(const std::string& name) {
    return thread_->terms().intern("https://uri.etsi.org/ngsi-ld/default-context/" + name).value();
  }
  static twin::Attribute place(double longitude_deg, double latitude_deg) {
    twin::Attribute attribute;
    attribute.name = twin::terms::location;
    attribute.kind = twin::AttributeKind::geo_property;
    attribute.value = twin::Geometry::point(*twin::Position::make(longitude_deg, latitude_deg));
    return attribute;
  }
  twin::Attribute names(const std::string& json) {
    twin::Attribute attribute;
    attribute.name = term("name");
    attribute.kind = twin::AttributeKind::language_property;
    attribute.value = twin::Json{json};
    return attribute;
  }
  void put(const std::string& id, const std::string& type, std::vector<twin::Attribute> attributes) {
    thread::Change change;
    change.entity_id = id;
    change.types = {term(type)};
    change.attributes = std::move(attributes);
    append(std::move(change));
  }
  void remove(const std::string& id) {
    thread::Change change;
    change.kind = thread::Change::Kind::remove;
    change.entity_id = id;
    append(std::move(change));
  }
  void append(thread::Change change) {
    thread::ChangeSet set;
    set.changes.push_back(std::move(change));
    const auto done = thread_->append(std::move(set));
    EXPECT_TRUE(done.ok() && done->front().ok());
  }

  std::unique_ptr<thread::Thread> thread_;
};

TEST_F(GazetteerTest, TheBoxOfTheCityIsAroundWhatStands) {
  Gazetteer gazetteer(*thread_);
  const auto bounds = [&]() -> std::vector<double> {
    EXPECT_TRUE(gazetteer.wait_for(thread_->head(), 10'000));
    const auto box = gazetteer.bounds();
    if (!box) return {};
    return {box->west_deg, box->south_deg, box->east_deg, box->north_deg};
  };
  const auto expect = [&](std::vector<double> wanted) {
    const std::vector<double> found = bounds();
    ASSERT_EQ(found.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-7) << "number " << i;
  };
  EXPECT_THAT(bounds(), testing::IsEmpty());
  put("urn:x:tree", "Tree", {place(126, 36)});
  put("urn:x:far", "Tree", {place(129, 38)});
  expect({126, 36, 129, 38});
  put("urn:x:a", "Building", {place(127.1, 37.5)});
  put("urn:x:b", "Building", {place(127.2, 37.6)});
  put("urn:x:c", "Building", {place(-127.3, 37.55)});
  expect({-127.3, 37.5, 127.2, 37.6});
  remove("urn:x:c");
  expect({127.1, 37.5, 127.2, 37.6});
  put("urn:x:b", "Building", {place(127.15, 37.4)});
  expect({127.1, 37.4, 127.15, 37.5});
  remove("urn:x:a");
  remove("urn:x:b");
  expect({126, 36, 129, 38});
  remove("urn:x:far");
  remove("urn:x:tree");
  EXPECT_THAT(bounds(), testing::IsEmpty());
}

TEST_F(GazetteerTest, TheListOfNamesFollowsRenamingAndEnding) {
  Gazetteer gazetteer(*thread_);
  const auto found = [&](const std::string& text) {
    EXPECT_TRUE(gazetteer.wait_for(thread_->head(), 10'000));
    std::vector<std::string> ids;
    for (const twin::EntityNumber number : gazetteer.search(text, 10)) {
      const auto record = thread_->snapshot().find(number);
      EXPECT_TRUE(record.ok());
      ids.emplace_back(record->id());
    }
    return ids;
  };
  const auto name = [&](const std::string& id, const std::string& text) {
    put(id, "Building", {names(R"({"en":")" + text + R"("})")});
  };
  name("urn:x:a", "Alpha hall");
  name("urn:x:b", "Hall");
  name("urn:x:c", "Marshalling yard");
  EXPECT_THAT(found("HALL"), testing::ElementsAre("urn:x:b", "urn:x:a", "urn:x:c")) << "equal, a word, within a word";
  // Long names, again and again: what has gone is taken out of the list in between.
  for (int i = 0; i < 60; ++i) name("urn:x:a", "Beta " + std::to_string(i) + std::string(4'000, 'x'));
  EXPECT_THAT(found("alpha"), testing::IsEmpty());
  EXPECT_THAT(found("beta 58x"), testing::IsEmpty());
  EXPECT_THAT(found("beta 59x"), testing::ElementsAre("urn:x:a"));
  EXPECT_THAT(found("hall"), testing::ElementsAre("urn:x:b", "urn:x:c"));
  remove("urn:x:b");
  EXPECT_THAT(found("hall"), testing::ElementsAre("urn:x:c"));
  EXPECT_EQ(gazetteer.named_count(), 2u);
  name("urn:x:b", "Gate");
  EXPECT_THAT(found("gate"), testing::ElementsAre("urn:x:b"));
}

TEST(Names, FoldCaseHangulAndSpace) {
  EXPECT_EQ(folded("  Lotte   WORLD "), "lotte world");
  EXPECT_EQ(folded("ÉCOLE Straße ΑΒΓ Жук"), "école straße αβγ жук");
  EXPECT_EQ(folded("\u1112\u1161\u11AB\u1100\u1173\u11AF"), "한글");
  EXPECT_EQ(fit("lotte world\n잠실", "lotte world"), 0);
  EXPECT_EQ(fit("lotte world\n잠실", "잠"), 1);
  EXPECT_EQ(fit("lotte world", "world"), 2);
  EXPECT_EQ(fit("lotte world", "orl"), 3);
  EXPECT_FALSE(fit("lotte", "x"));
}

}  // namespace
}  // namespace cityloom::serve
