// The record as a whole: views folded again are equal, and every read is right as of any offset of any branch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <set>

#include "store/failing_disk.hpp"
#include "store/record_model.hpp"
#include "store/store.hpp"
#include "store/test_folder.hpp"

namespace cityloom::store {
namespace {

using base::Instant;
using thread::BranchId;
using thread::main_branch;
using thread::Snapshot;
using thread::Thread;
using twin::Offset;
using twin::Term;

twin::Entity in_order(twin::Entity entity) {
  std::sort(entity.attributes.begin(), entity.attributes.end(), [](const auto& left, const auto& right) {
    return std::pair(left.name, left.dataset) < std::pair(right.name, right.dataset);
  });
  return entity;
}

/// A record under test beside its model; both take the same random changes.
class RecordUnderTest {
 public:
  RecordUnderTest(const TemporaryFolder& folder, uint64_t seed) : folder_(folder), seed_(seed) { open(); }

  void open() {
    thread_.reset();
    EmbeddedOptions store_options;
    store_options.write_buffer_bytes = 128u << 10;
    store_options.env = disk_.env();  // its syncs cost nothing
    auto store = open_embedded(folder_.path("record"), store_options);
    ASSERT_TRUE(store.ok()) << store.error().text();
    thread::Options options;
    options.feed_bytes_in_memory = seed_ % 2 == 0 ? 4'000 : 1u << 20;
    options.dirty_bytes_max = seed_ % 3 == 0 ? 8'000 : 64u << 20;
    options.history_bytes_max = seed_ % 4 < 2 ? 3'000 : 64u << 20;
    auto opened = Thread::open(std::move(*store), clock_, options);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    thread_ = std::move(*opened);
  }

  void refold() {
    thread_.reset();
    EmbeddedOptions store_options;
    store_options.env = disk_.env();
    auto store = open_embedded(folder_.path("record"), store_options);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(thread::clear_views(**store).ok());
    store->reset();
    open();
  }

  void grow(RandomChanges& changes, int steps) {
    for (int i = 0; i < steps; ++i) {
      if (changes.below(3) == 0) clock_.advance_us(static_cast<int64_t>(changes.below(2'000'000)));
      const auto branches = thread_->branches();
      const BranchId branch = branches[changes.below(branches.size())].id;
      const uint64_t act = changes.below(60);
      if (act == 0 && branches.size() < 6) {
        const Offset at{changes.below(thread_->head().number + 1)};
        const bool from_head = changes.below(2) == 0;
        ASSERT_TRUE(thread_
                        ->fork("b" + std::to_string(thread_->head().number), branch,
                               from_head ? std::nullopt : std::optional(at))
                        .ok());
      } else if (act == 1 && branch != main_branch) {
        (void)thread_->drop(branch).ok();
      } else if (act == 2) {
        ASSERT_TRUE(thread_->checkpoint().ok());
      } else if (act < 8) {
        correct(changes, branch);
      } else {
        append_together(changes, branch, act < 15 ? 20 : 1);
      }
    }
    take_commits();
  }

  /// Corrects or takes out one instance of the past, or all of an attribute.
  void correct(RandomChanges& changes, BranchId branch) {
    thread::Change change;
    change.entity_id = changes.entity_id();
    change.kind = thread::Change::Kind::remove_past;
    const auto histories = thread_->snapshot(branch).history(change.entity_id, {});
    ASSERT_TRUE(histories.ok()) << histories.error().text();
    if (histories->empty()) return;
    const auto& history = (*histories)[changes.below(histories->size())];
    const auto& instance = history.instances[changes.below(history.instances.size())];
    const auto found =
        thread_->snapshot(branch).past_instance(change.entity_id, history.name, history.dataset, instance.key);
    ASSERT_TRUE(found.ok() && found->has_value());
    twin::Attribute one = changes.attribute();
    one.name = history.name;
    one.dataset = history.dataset;
    switch (changes.below(8)) {
      case 0:
        one = thread::all_past_of({}, {});
        break;
      case 1:
        one = thread::all_past_of(history.name, changes.below(2) == 0 ? Term::unknown() : history.dataset);
        break;
      case 2:
      case 3:
        thread::set_past_key(instance.key, one);
        break;
      default:
        change.kind = thread::Change::Kind::correct_past;
        thread::set_past_key(instance.key, one);
    }
    change.attributes.push_back(std::move(one));
    thread::ChangeSet set;
    set.branch = branch;
    set.author = "test";
    set.changes.push_back(std::move(change));
    ASSERT_TRUE(thread_->append(std::move(set)).ok());
  }

  /// So many sets at once: what is recorded together shares a page.
  void append_together(RandomChanges& changes, BranchId branch, int sets) {
    std::latch answered(sets);
    for (int i = 0; i < sets; ++i) {
      thread_->submit(changes.change_set(branch, 4), [&](const auto& outcomes) {
        EXPECT_TRUE(outcomes.ok() || outcomes.error().code != base::Code::unavailable) << outcomes.error().text();
        answered.count_down();
      });
    }
    answered.wait();
  }

  void take_commits() {
    while (folded_ < thread_->head()) {
      const auto commits = thread_->feed(folded_, 100);
      ASSERT_TRUE(commits.ok()) << commits.error().text();
      ASSERT_FALSE(commits->empty());
      for (const auto& commit : *commits) {
        ASSERT_EQ(commit->offset.number, folded_.number + 1);
        model_.fold(*commit);
        folded_ = commit->offset;
      }
    }
  }

  Thread& thread() { return *thread_; }
  const RecordModel& model() const { return model_; }
  base::ManualClock& clock() { return clock_; }

 private:
  const TemporaryFolder& folder_;
  const uint64_t seed_;
  base::ManualClock clock_{Instant::from_seconds(1'700'000'000)};
  FailingDisk disk_;
  std::unique_ptr<Thread> thread_;
  RecordModel model_;
  Offset folded_;
};

void expect_entities(const Snapshot& snapshot, const City& city) {
  for (int i = 0; i < 8; ++i) {
    const std::string id = "urn:e:" + std::to_string(i);
    const auto record = snapshot.find(id);
    ASSERT_TRUE(record.ok()) << record.error().text();
    const auto expected = city.find(id);
    ASSERT_EQ(record->exists(), expected != city.end()) << id;
    if (!record->exists()) continue;
    const twin::Entity found = in_order(record->unpack());
    const twin::Entity wanted = in_order(expected->second);
    ASSERT_EQ(found.types, wanted.types) << id;
    ASSERT_EQ(found.scopes, wanted.scopes) << id;
    ASSERT_EQ(found.attributes, wanted.attributes) << id;
    ASSERT_EQ(found, wanted) << id;
  }
}

void expect_queries(const Snapshot& snapshot, const City& city, Term type) {
  twin::Query query;
  query.types.any_of = {{type}};
  std::set<std::string> expected;
  for (const auto& [id, entity] : city) {
    if (std::find(entity.types.begin(), entity.types.end(), type) != entity.types.end()) expected.insert(id);
  }
  const auto found = snapshot.query(query, {0, 100, true});
  ASSERT_TRUE(found.ok()) << found.error().text();
  std::set<std::string> ids;
  for (const auto& record : found->records) ids.emplace(record.id());
  ASSERT_EQ(ids, expected);
  ASSERT_EQ(found->count, expected.size());

  twin::GeoQuery near;
  near.reference = twin::Geometry::point({127.3, 37.5});
  near.distance_max_m = 15'000;
  query.geo = near;
  std::set<std::string> placed;
  for (const auto& [id, entity] : city) {
    if (expected.contains(id) && twin::Matcher(query)(twin::EntityRecord::pack(entity, {1}))) placed.insert(id);
  }
  std::set<std::string> met;
  ASSERT_TRUE(snapshot
                  .each(query,
                        [&met](const twin::EntityRecord& record) {
                          met.emplace(record.id());
                          return true;
                        })
                  .ok());
  ASSERT_EQ(met, placed);
}

/// Instances as sorted lines: their order within a commit is not promised.
std::vector<std::string> in_text(const std::vector<Stated>& instances) {
  std::vector<std::string> lines;
  for (const Stated& one : instances) {
    const auto* text = std::get_if<std::string>(&one.value);
    lines.push_back(std::to_string(one.offset) + " " + std::to_string(one.observed_at.microseconds) + " " +
                    std::to_string(one.value.index()) + " " + std::to_string(twin::as_number(one.value)) + " " +
                    (text != nullptr ? *text : ""));
  }
  std::sort(lines.begin(), lines.end());
  // The same said twice in one commit is told once or twice.
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

/// What a visit tells, as lines; whole chunks of numbers are only counted where asked for.
class Listener final : public thread::PastVisitor {
 public:
  explicit Listener(Term dataset, bool takes_chunks) : dataset_(dataset), takes_chunks_(takes_chunks) {}
  bool numbers(Term, Term dataset, const thread::ChunkSummary& summary) override {
    if (takes_chunks_ && dataset == dataset_) {
      count += summary.count;
      sum += summary.sum;
    }
    return takes_chunks_;
  }
  void number(Term, Term dataset, Instant at, double value) override { add(dataset, at, value); }
  void instance(const twin::Attribute& attribute, Instant at) override {
    add(attribute.dataset, at, twin::as_number(attribute.value));
  }

  uint64_t count = 0;
  double sum = 0;                                 ///< of numbers
  std::vector<std::pair<Instant, double>> heard;  ///< numbers alone

 private:
  void add(Term dataset, Instant at, double value) {
    if (dataset != dataset_) return;
    ++count;
    if (value != value) return;
    sum += value;
    heard.emplace_back(at, value);
  }
  Term dataset_;
  bool takes_chunks_;
};

/// A visit tells what the history does.
void expect_visit(const Snapshot& snapshot, const std::string& id, const thread::HistoryQuery& query, Term dataset) {
  const auto histories = snapshot.history(id, query);
  ASSERT_TRUE(histories.ok()) << histories.error().text();
  std::vector<std::pair<Instant, double>> expected;
  size_t count = 0;
  const bool is_observed = query.window.property == thread::TimeProperty::observed_at;
  for (const auto& history : *histories) {
    if (history.dataset != dataset) continue;
    count += history.instances.size();
    for (const auto& instance : history.instances) {
      const double value = twin::as_number(instance.value);
      if (value == value) expected.emplace_back(is_observed ? instance.observed_at : instance.modified_at, value);
    }
  }
  Listener one_by_one(dataset, false), by_chunks(dataset, true);
  ASSERT_TRUE(snapshot.visit_past(id, query, one_by_one).ok());
  ASSERT_TRUE(snapshot.visit_past(id, query, by_chunks).ok());
  // The same said several times in one commit may be told as often.
  ASSERT_GE(one_by_one.count, count);
  const auto sorted = [](auto all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  };
  ASSERT_EQ(sorted(one_by_one.heard), sorted(expected));
  ASSERT_EQ(by_chunks.count, one_by_one.count);
  ASSERT_NEAR(by_chunks.sum, one_by_one.sum, 1e-6 * (1 + std::abs(one_by_one.sum)));
}

void expect_history(const Snapshot& snapshot, const RecordModel& model, const std::string& id, Term name,
                    Term dataset) {
  thread::HistoryQuery query;
  query.attributes = {name};
  const auto histories = snapshot.history(id, query);
  ASSERT_TRUE(histories.ok()) << histories.error().text();
  std::vector<Stated> found;
  for (const auto& history : *histories) {
    if (history.dataset != dataset) continue;
    for (const auto& instance : history.instances)
      found.push_back({instance.observed_at, instance.value, instance.offset.number});
  }
  const std::vector<Stated> expected = model.history(snapshot.branch(), snapshot.offset(), id, name, dataset);
  ASSERT_EQ(in_text(found), in_text(expected));
  query.with_recorded_times = true;
  expect_visit(snapshot, id, query, dataset);
  query.window = {thread::TimeProperty::observed_at, Instant::from_seconds(1'100), Instant::from_seconds(1'400)};
  expect_visit(snapshot, id, query, dataset);
  query.window.property = thread::TimeProperty::modified_at;
  expect_visit(snapshot, id, query, dataset);
}

void expect_reads(RecordUnderTest& record, RandomChanges& changes, int reads) {
  for (int i = 0; i < reads; ++i) {
    const auto branches = record.model().branches();
    const BranchId branch = branches[changes.below(branches.size())];
    const Offset offset{changes.below(record.thread().head().number + 1)};
    SCOPED_TRACE("branch " + std::to_string(branch.number) + " as of " + std::to_string(offset.number) + " of " +
                 std::to_string(record.thread().head().number));
    const auto snapshot = record.thread().snapshot_at(offset, branch);
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().text();
    const City city = record.model().at(branch, offset);
    expect_entities(*snapshot, city);
    expect_queries(*snapshot, city, changes.type());
    const Term name = changes.names()[changes.below(changes.names().size())];
    expect_history(*snapshot, record.model(), changes.entity_id(), name,
                   changes.below(3) == 0 ? changes.datasets()[0] : Term{});
    const Instant time{record.clock().now().microseconds - static_cast<int64_t>(changes.below(100'000'000))};
    const auto then = record.thread().snapshot_at(time);
    ASSERT_TRUE(then.ok());
    ASSERT_EQ(then->offset().number, record.model().offset_at(time));
    if (testing::Test::HasFailure()) return;
  }
}

class RecordOracle : public testing::TestWithParam<uint64_t> {};

TEST_P(RecordOracle, EveryReadIsRightAsOfAnyOffsetAndFoldsAgainAlike) {
  const TemporaryFolder folder;
  RecordUnderTest record(folder, GetParam());
  RandomChanges changes(record.thread().terms(), GetParam());
  for (int round = 0; round < 4; ++round) {
    record.grow(changes, 100);
    expect_reads(record, changes, 25);
    if (HasFailure()) return;
    const auto digest = record.thread().views_digest();
    ASSERT_TRUE(digest.ok());
    if (round % 2 == 0) {
      record.open();
      ASSERT_EQ(*record.thread().views_digest(), *digest) << "opened again";
    } else {
      record.refold();
      ASSERT_EQ(*record.thread().views_digest(), *digest) << "folded again from the first commit";
    }
    expect_reads(record, changes, 25);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecordOracle, testing::Range<uint64_t>(1, 6));

/// Readings of one sensor, enough to close chunks, some late, and of a second attribute that changes its unit.
thread::ChangeSet readings(twin::TermTable& terms, BranchId branch, int first, int count) {
  thread::ChangeSet set;
  set.branch = branch;
  set.author = "link:test";
  for (int i = first; i < first + count; ++i) {
    thread::Change change;
    change.entity_id = "urn:e:0";
    change.types = {*terms.intern("urn:t:Sensor")};
    twin::Attribute speed;
    speed.name = *terms.intern("urn:n:speed");
    speed.value = twin::number_value(40 + (i * 37 % 200) / 8.0);
    speed.observed_at = Instant::from_seconds(1'000 + 300 * (i % 50 == 7 ? i - 20 : i));
    twin::Attribute level = speed;
    level.name = *terms.intern("urn:n:state");
    level.unit = *terms.intern(i / 700 % 2 == 0 ? "urn:unit:CEL" : "urn:unit:KEL");
    change.attributes = {speed, level};
    set.changes.push_back(std::move(change));
  }
  return set;
}

TEST(Record, LongSeriesWithClosedChunksReadAndFoldAlike) {
  const TemporaryFolder folder;
  RecordUnderTest record(folder, 2);
  twin::TermTable& terms = record.thread().terms();
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(record.thread().append(readings(terms, main_branch, i * 8, 8)).ok());
    if (i % 90 == 50) {
      ASSERT_TRUE(record.thread().checkpoint().ok());
    }
  }
  const auto branch = record.thread().fork("what-if", main_branch, Offset{200});
  ASSERT_TRUE(branch.ok());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(record.thread().append(readings(terms, *branch, i * 8, 8)).ok());
  record.take_commits();
  const auto digest = record.thread().views_digest();
  ASSERT_TRUE(digest.ok());
  const auto check = [&] {
    for (const BranchId id : {main_branch, *branch}) {
      for (const uint64_t offset : {1u, 77u, 200u, 299u, 350u, 401u}) {
        SCOPED_TRACE("branch " + std::to_string(id.number) + " as of " + std::to_string(offset));
        const auto snapshot = record.thread().snapshot_at(Offset{offset}, id);
        ASSERT_TRUE(snapshot.ok());
        expect_entities(*snapshot, record.model().at(id, Offset{offset}));
        for (const char* name : {"urn:n:speed", "urn:n:state"})
          expect_history(*snapshot, record.model(), "urn:e:0", record.thread().terms().find(name), {});
      }
    }
  };
  check();
  record.refold();
  EXPECT_EQ(*record.thread().views_digest(), *digest);
  check();
}

TEST(Record, ViewsOfAnEarlierVersionAreRefusedAndFoldedAgain) {
  const TemporaryFolder folder;
  const base::SystemClock clock;
  {
    auto record = Thread::open(open_embedded(folder.path("record")).value(), clock);
    ASSERT_TRUE(record.ok());
  }
  {
    auto store = open_embedded(folder.path("record"));
    ASSERT_TRUE(store.ok());
    thread::Batch batch;
    batch.erase(thread::Family::views, "state/2");
    batch.put(thread::Family::views, "state", "as it was");
    ASSERT_TRUE((*store)->write(batch, thread::Durability::synced).ok());
  }
  const auto refused = Thread::open(open_embedded(folder.path("record")).value(), clock);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::Code::corrupt);
  EXPECT_NE(refused.error().remedy.find("cityloom refold"), std::string::npos);
  {
    auto store = open_embedded(folder.path("record"));
    ASSERT_TRUE(thread::clear_views(**store).ok());
  }
  EXPECT_TRUE(Thread::open(open_embedded(folder.path("record")).value(), clock).ok());
}

std::optional<std::string> format_in(const TemporaryFolder& folder) {
  return open_embedded(folder.path("record")).value()->get(thread::Family::settings, "format").value();
}

void set_format(const TemporaryFolder& folder, std::string_view format) {
  thread::Batch batch;
  batch.put(thread::Family::settings, "format", format);
  const auto store = open_embedded(folder.path("record"));
  ASSERT_TRUE((*store)->write(batch, thread::Durability::synced).ok());
}

TEST(Record, OfTheFirstFormatIsTakenOverAndOfALaterOneIsRefused) {
  const TemporaryFolder folder;
  const base::SystemClock clock;
  ASSERT_TRUE(Thread::open(open_embedded(folder.path("record")).value(), clock).ok());
  set_format(folder, "cityloom record 1");
  ASSERT_TRUE(Thread::open(open_embedded(folder.path("record")).value(), clock).ok());
  EXPECT_EQ(format_in(folder), "cityloom record 2") << "else an older program would misread what is written now";
  set_format(folder, "cityloom record 3");
  const auto refused = Thread::open(open_embedded(folder.path("record")).value(), clock);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::Code::corrupt);
  EXPECT_NE(refused.error().what.find("cityloom record 3"), std::string::npos);
}

}  // namespace
}  // namespace cityloom::store
