// Random lives of buildings and parts: whoever followed, whoever starts now and whoever asks for the past see the same.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "space/tiles/tiles.hpp"
#include "space/vocabulary.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

class RandomCity {
 public:
  RandomCity(thread::Thread& thread, uint32_t seed)
      : thread_(thread), vocabulary_(*Vocabulary::intern(thread.terms())), random_(seed) {}

  /// One change of one of forty things: it comes, goes, moves, grows, or changes what it is or belongs to.
  void change_something() {
    const uint32_t number = below(40);
    thread::Change change;
    change.entity_id = "urn:x:" + std::to_string(number);
    change.types = {number % 3 == 0 ? vocabulary_.building_part : vocabulary_.building};
    if (below(12) == 0) change.types = {number % 2 == 0 ? vocabulary_.building : vocabulary_.water};
    switch (below(6)) {
      case 0:
        change.kind = thread::Change::Kind::remove;
        break;
      case 1:
        change.kind = thread::Change::Kind::create_or_append;
        add(change, vocabulary_.height, twin::AttributeKind::property, int64_t{1 + below(40)});
        break;
      default:
        change.kind = thread::Change::Kind::create_or_replace;
        if (below(8) != 0) add(change, vocabulary_.location, twin::AttributeKind::geo_property, square());
        add(change, vocabulary_.height, twin::AttributeKind::property, int64_t{1 + below(40)});
        if (number % 3 == 0) {
          add(change, vocabulary_.part_of, twin::AttributeKind::relationship,
              "urn:x:" + std::to_string(below(6) * 3 + 1));
        }
    }
    ASSERT_TRUE(thread_.append({.branch = {}, .author = "test", .changes = {change}}).ok());
  }
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

 private:
  void add(thread::Change& change, twin::Term name, twin::AttributeKind kind, twin::Value value) {
    auto& attribute = change.attributes.emplace_back();
    attribute.name = name;
    attribute.kind = kind;
    attribute.value = std::move(value);
  }
  twin::Geometry square() {
    const double west = 127 + below(1'000) * 1e-5, south = 37 + below(1'000) * 1e-5, side = (1 + below(4)) * 1e-4;
    twin::Geometry geometry{twin::GeometryKind::polygon, {}, {5}, {}};
    for (const auto& [x, y] : {std::pair(0, 0), std::pair(1, 0), std::pair(1, 1), std::pair(0, 1), std::pair(0, 0)}) {
      geometry.positions.push_back({west + x * side, south + y * side});
    }
    return geometry;
  }
  thread::Thread& thread_;
  Vocabulary vocabulary_;
  std::mt19937 random_;
};

std::string tileset(CityTiles& tiles, std::optional<thread::Offset> as_of = {}) {
  const auto found = tiles.find({.path = "tileset.json", .as_of = as_of});
  EXPECT_TRUE(found.ok());
  if (!found) return {};
  // What names the moment differs; what is drawn must not.
  std::string text = (*found)->bytes;
  for (size_t at = text.find("?asOf="); at != std::string::npos; at = text.find("?asOf=")) {
    text.erase(at, text.find('"', at) - at);
  }
  return text;
}

TEST(TilesHistory, FollowedStartedAndPastAreTheSame) {
  const base::SystemClock clock;
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    auto opened = thread::Thread::open(store::make_memory_store(), clock);
    ASSERT_TRUE(opened.ok());
    thread::Thread& thread = **opened;
    RandomCity city(thread, seed);
    // One that keeps no past, so that each moment is made from what it knows now.
    TileOptions options;
    options.items_per_tile_max = 4;
    options.past_items_max = 0;
    const auto following = CityTiles::follow(thread, options);
    std::map<uint64_t, std::string> then;
    for (int step = 0; step < 120; ++step) {
      city.change_something();
      if (city.below(3) != 0) continue;
      ASSERT_TRUE(following->wait_for(thread.head(), 60'000).ok());
      then[thread.head().number] = tileset(*following);
      const auto started = CityTiles::follow(thread, options);
      ASSERT_TRUE(started->wait_for(thread.head(), 60'000).ok());
      ASSERT_EQ(tileset(*started), then[thread.head().number]) << "seed " << seed << " step " << step;
      if (step % 10 != 0) continue;
      for (const auto& [offset, said] : then) {
        ASSERT_EQ(tileset(*following, thread::Offset{offset}), said) << "followed, as of " << offset;
        ASSERT_EQ(tileset(*started, thread::Offset{offset}), said) << "started, as of " << offset;
      }
    }
  }
}

}  // namespace
}  // namespace cityloom::space
