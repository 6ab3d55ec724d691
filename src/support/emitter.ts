/** Hands each event to every listener. A listener that throws is reported and never disturbs the one who emits. */
export interface Emitter<E> {
  emit(event: E): void;
  /** Returns the function that takes the listener off again. */
  on(listener: (event: E) => void): () => void;
}

export function createEmitter<E>(onListenerError: (error: unknown) => void): Emitter<E> {
  const listeners = new Set<(event: E) => void>();
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
