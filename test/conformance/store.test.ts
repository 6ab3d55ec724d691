import { storeSuite } from '../integration/store-suite.ts';
import { sharedDynamoDbLocal } from './shared-server.ts';

storeSuite('DynamoDB Local', sharedDynamoDbLocal);
